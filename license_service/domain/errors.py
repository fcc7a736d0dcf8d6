"""Every error that license_service raises on purpose.

LicenseServiceError
├── SettingsError              the process cannot start as it is set up
├── NotFoundError              nothing here for this caller; ask for something else
│   ├── NoLicenseError         the organization has no license
│   ├── NoSeatError            the device holds no seat in the organization
│   └── LicenseNotFoundError   no license has this id
├── ClaimRefusedError          a record stands against the claim; a person must change something first
│   ├── NoSeatFreeError        every seat is taken
│   ├── LicenseExpiredError    every license of the organization has expired
│   └── DeviceRefusedError     the device cannot sit in this organization
└── ChangeRefusedError         a record stands against the change
    ├── KeyEndedError          the key's renewal date has passed
    └── RenewalDateError       the new renewal date is no later than the present one
"""

from typing import ClassVar


class LicenseServiceError(Exception):
    """The root of the tree. `code` is stable and for machines, `sentence` is for people."""

    code: ClassVar[str] = "license_service_error"
    sentence: ClassVar[str] = "The license service refused."

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.sentence


class SettingsError(LicenseServiceError):
    """Variables of the environment are missing or wrong; the message names all of them."""

    code = "bad_settings"


class NotFoundError(LicenseServiceError):
    """Nothing here for this caller."""

    code = "not_found"


class NoLicenseError(NotFoundError):
    """The organization has no license at all."""

    code = "no_license"
    sentence = "This organization has no license."


class NoSeatError(NotFoundError):
    """The device holds no seat in this organization; said in the same words when it holds one in another (T44)."""

    code = "no_seat"
    sentence = "This device holds no seat in this organization."


class LicenseNotFoundError(NotFoundError):
    """No license has this id."""

    code = "license_not_found"
    sentence = "There is no license with this id."


class ClaimRefusedError(LicenseServiceError):
    """A record stands against the claim."""

    code = "claim_refused"


class NoSeatFreeError(ClaimRefusedError):
    """Every seat of every license that has not expired is taken (T59)."""

    code = "no_seat_free"
    sentence = "Every seat of this organization's licenses is taken."


class LicenseExpiredError(ClaimRefusedError):
    """The organization has licenses, and the renewal date of each has passed (S3-17)."""

    code = "license_expired"
    sentence = "This organization's license has expired. Renew it first."


class DeviceRefusedError(ClaimRefusedError):
    """The device sits in another organization; the sentence does not say so (T44)."""

    code = "device_refused"
    sentence = "This device cannot take a seat in this organization."


class ChangeRefusedError(LicenseServiceError):
    """A record stands against the change."""

    code = "change_refused"


class KeyEndedError(ChangeRefusedError):
    """The renewal date has passed; a new key takes the place of this one (S3-17)."""

    code = "key_ended"
    sentence = "The renewal date of this license key has passed. Issue a new key."


class RenewalDateError(ChangeRefusedError):
    """The key would not last longer than it does."""

    code = "renewal_date_not_later"
    sentence = "A license key is renewed until a day after its present renewal date."
