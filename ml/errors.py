"""The one exception that a user may see: what is wrong, and what to do about it."""


class MlError(Exception):
    """A fault in the input or the surroundings, told in one line.

    Parameters
    ----------
    message : str
        What is wrong; names the thing (feature, file, table, account).
    remedy : str
        What the user can do about it.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


class TooLittleDataError(MlError):
    """The history is too short, or holds too few accounts with the label, to train and to judge."""
