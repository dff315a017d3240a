"""What a user can mend, said in one sentence."""


class CartographyError(Exception):
    """A mistake in the input, worded for the person who made it.

    The message is one sentence that names the file, row, column or option at fault and says what
    to do. The command line prints it and exits with code 2; the dashboard shows it in place.
    Anything that is not a `CartographyError` is a bug and keeps its traceback.
    """
