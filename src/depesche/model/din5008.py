"""The address field of a letter (DIN 5008, form A and form B; the window of DIN 680 shows it), in millimetres."""

FORMS = {"A": 27.0, "B": 45.0}
"""From the top of the page to the field."""

LEFT, WIDTH, HEIGHT = 20.0, 85.0, 45.0

NOTES = 17.7
"""Of the field, from its upper edge: for the line of the sender and for notes."""
