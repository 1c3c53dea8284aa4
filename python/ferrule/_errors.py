"""What the package raises. Apart from the native half, which looks it up here."""


class Error(Exception):
    """A failure that the native library reports; status names it, as FRL_E_NOT_FOUND."""

    def __init__(self, message: str, status: str = "FRL_E_INVALID") -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class SchemaError(Error):
    """Columns are not those that were declared; the message shows both."""


class KernelError(Error):
    """A kernel failed, or gave what is not of its schema.

    row counts from 0 since the start of the input, row_in_batch within its last batch;
    -1 where no row is to blame. detail is the kernel's own message.
    """

    def __init__(
        self,
        message: str,
        status: str,
        kernel: str,
        detail: str,
        row: int,
        row_in_batch: int,
        input: int,
    ) -> None:
        super().__init__(message, status)
        self.args = (message, status, kernel, detail, row, row_in_batch, input)
        self.kernel = kernel
        self.detail = detail
        self.row = row
        self.row_in_batch = row_in_batch
        self.input = input
