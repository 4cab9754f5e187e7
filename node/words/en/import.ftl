### Import of a CSV file: how it is understood, what is wrong, what was imported. The command line says the same sentences.

import = Import a CSV file
import-title = Import: { $kinds }
import-reason = Import of a CSV file
import-explained = A CSV file holds one record a row, below a row of headings. Nothing is saved before you have seen and confirmed what was understood.
import-limits = At most { $rows } rows and { $size } MB. Only the title is required.
import-file = CSV file
import-file-hint = From Excel or LibreOffice: Save as, type CSV UTF-8.
import-preview = See what was understood
import-template = Template to fill in
import-template-note = Import template – { $kinds } · one row for each record, only the title is required · several values: separated by | · dates: 2010, 11/2010, Q3 2010, 22/11/2010 · keep the row of headings
import-columns = Columns that are known, and what they take
import-columns-explained = Any order, and columns may be left out; case and accents do not count.
import-no-lists = Incidents, alerts, recommendations, agreements, contributions and other lists are entered afterwards, in each record.

import-takes-date = a date: 22/11/2010, 11/2010, Q3 2010, 2010, after 2010, 2005 – 2007
import-takes-number = a whole number
import-takes-degrees = decimal degrees: 16.27
import-takes-amount = an amount with its currency: 1500000 XOF
import-takes-place-key = the key of a place in the gazetteer; its name is enough
import-takes-text = text
import-takes-several = several, separated by |: { $what }

import-read-as = Read as { $charset }, cells separated by { $separator ->
        [semicolon] semicolons
        [tab] tabs
       *[comma] commas
    }, headings in row { $row }.
import-meaning = How the columns were understood
import-meaning-file = In the file
import-meaning-field = Understood as
import-meaning-told = not taken: worked out by the program, or entered in the record
import-meaning-id = identifier: knows a record that is here already
import-meaning-kind = kind of the records, checked
import-meaning-unknown = not known, will not be imported
import-meaning-like = not known, will not be imported; did you mean “{ $column }”?
import-meaning-empty = empty
import-unnamed = (without heading, column { $number })

import-new = { $count ->
        [one] { $count } new record
       *[other] { $count } new records
    }
import-here = { $count ->
        [one] { $count } record is here already and stays as it is
       *[other] { $count } records are here already and stay as they are
    }
import-at-fault = { $count ->
        [one] { $count } row is to be corrected
       *[other] { $count } rows are to be corrected
    }
import-unknown = Columns that are not known and will not be imported: { $columns }
import-nothing-new = Nothing new to import.
import-first = { $count ->
        [one] The first record, as it would be saved
       *[other] The first { $count } records, as they would be saved
    }
import-row = Row { $row }
import-faults = { $count ->
        [one] One error
       *[other] { $count } errors
    }
import-faults-first = The first { $number } are told here.
import-correct = Correct the file and choose it again: what has been imported by then will not be imported twice.
import-again = Choose another file
import-twins = Perhaps entered already
import-twins-explained = The same title but for a few words. Nothing stands in the way of importing; two records of one conflict can be tied afterwards.
import-twin-here = Row { $row }: resembles
import-twin-row = Row { $row }: resembles row { $other }
import-taken-keys = References that are taken
import-taken-key = Row { $row }: its reference is that of
import-taken-explained = These rows will not be imported. If they are other records, change their reference in the file.
import-from-export = This file comes from an export of Toguna. What offices have entered comes by links and bundles, without import; import only what cannot come that way.
import-withheld = { $count ->
        [one] { $count } cell that the export withholds counts as empty.
       *[other] { $count } cells that the export withholds count as empty.
    }
import-confirm = { $count ->
        [one] Import { $count } record
       *[other] Import { $count } records
    }
import-confirm-rest = { $count ->
        [one] Import the row without errors
       *[other] Import the { $count } rows without errors
    }{ $rows ->
        [0] { "" }
        [one] , leave { $rows } row
       *[other] , leave { $rows } rows
    }{ $columns ->
        [0] { "" }
        [one] , without the column that is not known
       *[other] , without the { $columns } columns that are not known
    }
import-drop = Give up
import-not-yet = The node is still reading its records: it cannot tell which are here already. Load this page again in a moment.
import-kept = The file is kept at this node for one hour, for you alone, and then removed.

import-begins = The import begins.
import-running = Importing: { $done } of { $count }
import-running-explained = This page loads again by itself. The import goes on if you leave it.
import-done = { $count ->
        [one] { $count } record imported.
       *[other] { $count } records imported.
    }
import-done-here = { $count ->
        [one] { $count } of { $all } records was here already.
       *[other] { $count } of { $all } records were here already.
    }
import-done-left = { $count ->
        [one] { $count } row left out.
       *[other] { $count } rows left out.
    }
import-to-list = See the list
import-stopped = { $count ->
        [one] The import stopped after { $count } new record.
       *[other] The import stopped after { $count } new records.
    }
import-stopped-do = What is saved stays. Begin again: the import goes on where it stopped and adds nothing twice.
import-stopped-at = Stopped at row { $row }: { $why }

import-at = row { $row }, column { $column }
import-at-row = row { $row }
import-what = “{ $value }”
import-what-unsaid = what stands there
import-fault = { $at }: { $why }
import-fault-title-missing = the title is missing
import-fault-title-withheld = the export withholds the title; write it, or remove the row
import-fault-not-a-region = { $what } is no region that is known; write for example { $choices }
import-fault-not-a-choice = { $what } is not in the list; write for example { $choices }
import-fault-not-a-date = { $what } is no date; write 22/11/2010, 11/2010, Q3 2010, 2010 or after 2010, between 1800 and 2100
import-fault-not-a-number = { $what } is no whole number; write 12
import-fault-not-a-coordinate = { $what } is no coordinate; write decimal degrees: 16.27
import-fault-not-an-amount = { $what } is no amount; write 1500000 XOF
import-fault-no-currency = the currency is missing; write 1500000 XOF
import-fault-two-currencies = the currency of the amount is not that of its column; keep one
import-fault-not-a-currency = { $what } is no currency that is known; write XOF or USD
import-fault-not-a-place-key = { $what } is no key of a place in the gazetteer; leave the cell empty, the name of the place is enough
import-fault-not-an-id = { $what } is no identifier of a record; take the one of the export, or leave the cell empty
import-fault-not-a-kind = { $what } is no kind of record
import-fault-other-kind = this row is to be imported under: { $kind }
import-fault-too-long = the text is longer than the { $number } characters of this field
import-fault-cell-too-long = the cell is longer than any text of a record; perhaps a quotation mark is not closed
import-fault-control-character = the text holds control characters or marks that change its direction; type it anew
import-fault-incomplete = a part is missing: latitude and longitude go together
import-fault-too-many = too many values in one cell
import-fault-too-large = the row is too long for one record; divide it
import-fault-too-many-cells = more cells than the { $number } columns; a separator or quotation mark is misplaced
import-fault-quote-open = a quotation mark is not closed: the cell holds what looks like further rows
import-fault-key-twice = { $what } is the reference of row { $number } already; each record has its own
import-fault-row-twice = the same as row { $number }; remove one, or say what tells them apart
import-fault-key-elsewhere = { $what } is already the reference of a record among: { $kind }
import-fault-refused = { $what } is not accepted here ({ $detail })

import-unreadable-empty = The file is empty.
import-unreadable-too-large = The file has more than { $number } MB. Divide it.
import-unreadable-workbook = This is a workbook of Excel or LibreOffice: save it as CSV (Save as, type CSV UTF-8), and choose that file.
import-unreadable-not-text = This file is no text. Choose a CSV file, saved from a spreadsheet.
import-unreadable-too-many-rows = The file has more than { $number } rows. Divide it.
import-unreadable-too-many-columns = The file has more than { $number } columns. Keep those of the template.
import-unreadable-no-rows = Below the row of headings there is nothing.
import-unreadable-no-heads = None of the first rows names the columns: “{ $title }” at least is needed. Read in the file: { $found }. Begin with the template.
import-unreadable-twice = Columns { $first } and { $second } are for the same field. Keep one.
import-unreadable-closed = Column { $number }, { $column }: these names cannot be entered yet, for want of a protected compartment. Remove the column from the file.
import-unreadable-disk = The file could not be kept at this node: perhaps the disk is full.
import-unreadable-nothing = Choose a file.
import-unreadable-gone = This file is no longer kept here: choose it again. What was imported will not be imported twice.
