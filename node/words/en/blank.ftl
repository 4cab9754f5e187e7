### Blank forms, to be filled in by hand.

blank-link = Blank forms to print
blank-title = Form: { $what }
blank-filled-on = Filled in on (dd/mm/yyyy)
blank-explained = Tick the boxes, write legibly. What is not known stays empty: only the title must be there. Keep this paper with the original, and enter its reference with the record.
blank-explained-item = Tick the boxes, write legibly. What is not known stays empty. Keep this paper with the original, and enter its reference with the record.
blank-apart = On sheets of their own: { $lists }.
blank-print = To be printed on A4 with the browser's command.
blank-date-day = day known
blank-date-month = month known
blank-date-quarter = quarter known
blank-date-year = year known
blank-date-after = after this date
blank-date-unknown = unknown
blank-date-between = ☐ between this date and
