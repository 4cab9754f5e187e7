### Links between offices, and bundles carried by hand: node/src/pages/sync.rs.

sync-cut-waiting = { $count ->
        [one] No link. { $count } record waits to leave.
       *[other] No link. { $count } records wait to leave.
    }
head = { $what }:
link-none = No direct link
silent-since = No news since { $moment }
unknown-since = unknown since { $moment }
at-least-changes = { $count ->
        [one] at least { $count } change
       *[other] at least { $count } changes
    }
only-here-none = Nothing is only here: at least one other office has every change.
only-here-oldest = the oldest: { $ago }
only-here-list = Show these records
only-here-since = Only here since
only-here-explained = By their last news, the other offices do not have the latest changes of these records. If this computer were lost, so would they be.

# How far a clock is off, after “slow” and “fast”.
clock-span = { $unit ->
        [years] { $count ->
                [1] by a year
               *[other] by { $count } years
            }
        [months] by { $count } months
        [days] by { $count } days
       *[hours] { $count ->
                [1] by an hour
               *[other] by { $count } hours
            }
    }
clock-late = Clock of { $office } slow { clock-span }
clock-early = Clock of { $office } fast { clock-span }
clock-do = Set it right. If several offices seem to be wrong, check the time of this computer first. Nothing is lost: the history follows what each office had seen, not the clocks.

pli-title = Carry by USB stick
pli-prepare = Prepare a bundle
pli-for = For which office?
pli-for-hint = The bundle holds what that office does not have yet, by its last news. For all offices, it holds everything.
pli-any = all offices
pli-open = Open a bundle received
pli-file = File of the bundle
pli-open-hint = A file whose name ends in .toguna, at most { $size }. If it is damaged, nothing is taken.
pli-not-made = The bundle was not prepared: the disk of this computer cannot write any more. Free some space, then prepare it again.
stick-none = No bundle has been opened here yet.
stick-opened = Last bundle opened: { $moment }, from { $office } ({ $records }).
stick-made = Last bundle prepared: { $moment }, for { $office } ({ $records }).

size-kilobytes = { $count } kB
size-megabytes = { $count } MB

slip-title = Contents
slip-fetch = Download the bundle
slip-explained = Copy the file to the USB stick, print this sheet and hand over both together. The file is encrypted: only an office of the network can open it.
slip-file = File
slip-made = Prepared
slip-from = Sender
slip-for = Addressee
slip-contents = Contents
slip-empty = this bundle holds acknowledgements only
slip-written-at = of these, entered at { $office }
slip-acknowledgements = { $count ->
        [one] of { $count } office
       *[other] of { $count } offices
    }
slip-size = Size
slip-code = Code of the file:
slip-goes-on = This bundle only holds what { $office } lacks. Another office cannot always open it.
slip-handed = Handed over by, on
slip-carried = Carried by
slip-opened = Received and opened by, on

opened-title = Bundle opened
opened-records = { $count ->
        [one] { $count } record received
       *[other] { $count } records received
    }
opened-already = Received before: all that this bundle brings is here already.
opened-no-records = No new record. The bundle brings news of the offices.
opened-from = Bundle of { $office }, prepared { $moment }.
opened-for-another = This bundle was prepared for { $office }. Pass it on as well.
opened-settled = { $count ->
        [one] { $count } record that was only here
       *[other] { $count } records that were only here
    }
opened-word = News of { $office } of { $moment }, { $way }
opened-more = Another part follows: open that too.
opened-apart = This office and { $office } do not hold the same: ask { $office } for a whole bundle, prepared for all offices, and send it a whole bundle from here.
opened-back = Back to the links

refused-nothing = No file was chosen
    .do = Choose the bundle on the USB stick, then “Open a bundle received”.
refused-too-large = This file is too large
    .do = Nothing was taken. Ask the office that prepared it for a bundle for this office only, or open it with the command line.
refused-disk = The bundle could not be saved
    .do = The disk of this computer cannot write any more. Free some space, then open the bundle again: what is received stays received.
refused-not-one = This file is not a bundle
    .do = Nothing was taken. Look on the stick for a file whose name ends in .toguna.
refused-newer = This bundle was made by a newer version of the program
    .do = Nothing was taken. Update this computer, then open the bundle again.
refused-another-network = This bundle is of another network
    .do = Nothing was taken. Check from which office the stick comes: only offices that share a secret exchange bundles.
refused-damaged = Bundle damaged, nothing was taken
    .do = Copy it again from the computer that prepared it, rather to another stick.
refused-cut-short = Bundle damaged, nothing was taken
    .do = The end of the file is missing: copying broke off, or the stick was pulled out too early. Copy it again from the computer that prepared it.
refused-base = This bundle goes on from what this office does not have: ask { $office } for a whole bundle
    .do = Nothing was taken. At { $office }, a bundle for “all offices” has to be prepared.
