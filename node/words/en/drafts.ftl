### Drafts, suggested places, and news that arrive while one reads.

clock = { $hour }:{ $minute }
draft-of-today = Draft of { $time }
draft-of-day = Draft of { $moment }
draft-resume = Resume
draft-drop = Delete
draft-resumed = { $draft }, resumed here. Nothing is saved yet.
draft-kept = Draft kept at { $time }
draft-elsewhere = This form is also open elsewhere. Both drafts are kept.
draft-unkept = Draft not kept yet: the node does not answer, or the session has expired. Your text is still here.
draft-too-long = Draft not kept: the text is too long. Save in several parts.
draft-no-room = Draft not kept: the disk can no longer write. Your text is still here.
drafts-unfinished = Your drafts
session-ended = Your session has expired. What you typed is still in this page: sign in, and the form comes back as it was.
news-arrived = News has arrived
news-of-record = This record has changed
news-reload = Reload
