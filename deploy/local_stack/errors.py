"""Every error that the local stack raises on purpose; the message is what the person at the terminal reads.

StackError
├── SettingsError         a variable that makes no sense
├── AlreadyRunningError   another stack holds the same folder
├── PortsTakenError       somebody else listens where we would
├── StateError            what an earlier run left cannot be used
├── PartFailedError       a part did not start, or will not stay
├── StoryFailedError      the demonstration met something else than it should
└── EndRequestedError     not a fault: Ctrl-C, SIGTERM or SIGHUP
"""


class StackError(Exception):
    """The root of the tree."""


class SettingsError(StackError):
    """One or more variables of the stack are wrong; all are named."""


class AlreadyRunningError(StackError):
    """The folder's lock is held by another launcher."""


class PortsTakenError(StackError):
    """One or more ports are in use; each is named with its part, its holder and the variable that changes it."""


class StateError(StackError):
    """A file of an earlier run cannot be read; the message says which, and what to do."""


class PartFailedError(StackError):
    """A part died or was not ready in time; its last log lines are in the message."""


class StoryFailedError(StackError):
    """A step of the demonstration failed; the message says which and what was met."""


class EndRequestedError(StackError):
    """Somebody asks the launcher to end."""
