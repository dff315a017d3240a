"""The exception for errors that the user can fix."""


class CartographyError(Exception):
    """Error in the input that the user can fix.

    The message is one line. It names the file, row, column or option that is wrong and says what
    to do. The command line prints it and exits with code 2; the dashboard shows it where the error
    occurred. Any other exception is a bug and keeps its traceback.

    Parameters
    ----------
    message : str
        Control characters in it, as file names may have, are shown as their escapes.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_one_line(message))


def _one_line(message: str) -> str:
    if message.isprintable():
        return message
    return "".join(
        letter if letter.isprintable() or letter == "\u00a0" else repr(letter)[1:-1]
        for letter in message
    )
