"""The exception for errors that the user can fix."""


class CartographyError(Exception):
    """Error in the input that the user can fix.

    The message is one line. It names the file, row, column or option that is wrong and says what
    to do. The command line prints it and exits with code 2; the dashboard shows it where the error
    occurred. Any other exception is a bug and keeps its traceback.
    """
