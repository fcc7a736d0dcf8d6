"""Every error that license_service raises on purpose.

LicenseServiceError
├── SettingsError              the process cannot start as it is set up
├── SigningKeyUnavailableError the keys that we sign with cannot be read or changed
├── NotFoundError              nothing here for this caller; ask for something else
│   ├── NoLicenseError         the organization has no license
│   ├── NoSeatError            the device holds no seat in the organization
│   ├── KeyNotFoundError       no license key has this id
│   ├── AgreementNotFoundError no agreement has this id
│   ├── SiteNotFoundError      this organization's site is not the caller's to see
│   ├── SynchronizationNotFoundError  no synchronization has this id
│   ├── AccessGroupNotFoundError  no access group has this id
│   ├── EndpointNotFoundError  no webhook endpoint has this id
│   └── DeliveryNotFoundError  this event was not meant for this webhook endpoint, or is forgotten
├── ClaimRefusedError          a record stands against the claim; a person must change something first
│   ├── NoSeatFreeError        every seat is taken
│   ├── LicenseExpiredError    every license key of the organization has expired
│   ├── LicenseSuspendedError  the license key is suspended
│   ├── ComponentNotLicensedError  no license key of the organization has the component
│   ├── DeviceRefusedError     the device cannot sit in this organization
│   ├── KeyNotActiveError      the license key is suspended, revoked or replaced
│   ├── AccessKeyUnknownError  no record stands behind an access key that we signed
│   └── GroupNotActivatedError the organization's registration waits for its second email
├── StaleVersionError          the record was changed since it was read
├── StalePreviewError          the records were changed since the preview
├── IdempotencyKeyReusedError  the key was sent with another request before
├── SealBrokenError            what was sealed cannot be opened
├── UpdateError                the update manifest, its key or its folder cannot be used
└── ChangeRefusedError         a record stands against the change
    ├── WebhookUrlError        nothing is sent to this URL
    ├── WebhooksNotSetUpError  there is no key to seal secrets with
    ├── EndpointDisabledError  the webhook endpoint is disabled
    ├── PostUnderWayError      the same request is being done at this moment
    ├── OnPremiseError         the organization has no synchronization
    ├── SynchronizationUnderWayError  the organization is being synchronized at this moment
    ├── SynchronizationLostError  the run took longer than it may
    ├── RevisionChangedError   the license keys were changed since
    ├── UnknownProfileError    the catalog lacks the profile
    ├── UnknownComponentError  the catalog lacks a component
    ├── IdNumberTakenError     another license key of the organization has this ID #
    ├── AgreementNumberTakenError  another agreement of the organization has this number
    ├── CodeTakenError         the catalog has this code already
    ├── DeviceSeatedError      the other device holds a seat already
    ├── SeatsInUseError        more devices sit than there would be seats
    ├── KeyNotRegisteredError  accesses cannot be configured on the key yet, or any more
    ├── ComponentNotOnKeyError the key lacks a component of the group
    ├── NoPlaceFreeError       more members would have access than the component has seats
    ├── GroupNameTakenError    another access group of the key has this name
    ├── MemberElsewhereError   a member is in another access group of the key
    ├── KeyStatusError         the key's status has no such move
    ├── SigningKeyRefusedError the signing keys stand otherwise than the command wants
    ├── KeyEndedError          the key's renewal date has passed
    └── RenewalDateError       the new renewal date is no later than the present one
"""

from typing import ClassVar


class LicenseServiceError(Exception):
    """The root of the tree. `code` is stable and for machines, `sentence` is for people.

    `field` is what of a request is at fault, by its name there, when one thing is. One that `is_passing` may be gone
    when the same is asked again, so it is never kept for a repetition.
    """

    code: ClassVar[str] = "license_service_error"
    sentence: ClassVar[str] = "The license service refused."
    field: ClassVar[str | None] = None
    is_passing: ClassVar[bool] = False

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.sentence


class SettingsError(LicenseServiceError):
    """Variables of the environment are missing or wrong; the message names all of them."""

    code = "bad_settings"


class SigningKeyUnavailableError(LicenseServiceError):
    """The folder of the signing keys is missing, empty, open to others, or broken; the message is for us alone."""

    code = "signing_key_unavailable"
    is_passing = True


class NotFoundError(LicenseServiceError):
    """Nothing here for this caller."""

    code = "not_found"


class NoLicenseError(NotFoundError):
    """The organization has no license key, or none that was not revoked or replaced."""

    code = "no_license"
    sentence = "This organization has no license."


class NoSeatError(NotFoundError):
    """The device holds no seat in this organization; said in the same words when it holds one in another (T44)."""

    code = "no_seat"
    sentence = "This device holds no seat in this organization."


class KeyNotFoundError(NotFoundError):
    """No license key has this id."""

    code = "license_key_not_found"
    sentence = "There is no license key with this id."


class AgreementNotFoundError(NotFoundError):
    """No agreement has this id."""

    code = "agreement_not_found"
    sentence = "There is no agreement with this id."


class SiteNotFoundError(NotFoundError):
    """The organization is not the caller's own; one that nobody knows is answered the same (T44)."""

    code = "site_not_found"
    sentence = "There is no site of this organization."


class SynchronizationNotFoundError(NotFoundError):
    """No synchronization has this id."""

    code = "synchronization_not_found"
    sentence = "There is no synchronization with this id."


class AccessGroupNotFoundError(NotFoundError):
    """No access group has this id."""

    code = "access_group_not_found"
    sentence = "There is no access group with this id."


class EndpointNotFoundError(NotFoundError):
    """No webhook endpoint has this id."""

    code = "webhook_endpoint_not_found"
    sentence = "There is no webhook endpoint with this id."


class DeliveryNotFoundError(NotFoundError):
    """The event was not meant for this webhook endpoint, or is forgotten."""

    code = "webhook_delivery_not_found"
    sentence = "This webhook endpoint has no delivery of this event."


class ClaimRefusedError(LicenseServiceError):
    """A record stands against the claim."""

    code = "claim_refused"


class NoSeatFreeError(ClaimRefusedError):
    """Every seat of every license key that has not expired is taken, and more are not let (T59, S1-11)."""

    code = "no_seat_free"
    sentence = "Every seat of this organization's licenses is taken."


class LicenseExpiredError(ClaimRefusedError):
    """The organization has license keys, and the renewal date of each has passed (S3-17)."""

    code = "license_expired"
    sentence = "This organization's license has expired. Renew it first."


class LicenseSuspendedError(ClaimRefusedError):
    """The license key is suspended, and what sits on it may not be used until it is reinstated."""

    code = "license_suspended"
    sentence = "This organization's license is suspended."


class ComponentNotLicensedError(ClaimRefusedError):
    """The organization has license keys, and none has the component."""

    code = "component_not_licensed"
    sentence = "No license key of this organization has this component."


class DeviceRefusedError(ClaimRefusedError):
    """The device sits in another organization; the sentence does not say so (T44)."""

    code = "device_refused"
    sentence = "This device cannot take a seat in this organization."


class StaleVersionError(LicenseServiceError):
    """The record was changed since it was read; `version` is the one that it has now."""

    code = "precondition_failed"
    sentence = "The record was changed since it was read. Read it again."

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = version


class StalePreviewError(LicenseServiceError):
    """A key or an access group was changed since the preview, so something else would be done than it showed."""

    code = "preview_outdated"
    sentence = "A license key or an access group was changed since the preview. Ask for a new one."
    field = "state"


class IdempotencyKeyReusedError(LicenseServiceError):
    """The key was sent before, with another request (F47)."""

    code = "idempotency_key_reused"
    sentence = "This Idempotency-Key was sent with another request before. Send a new one."
    field = "Idempotency-Key"


class SealBrokenError(LicenseServiceError):
    """What was sealed was sealed under another key, or is damaged."""

    code = "seal_broken"
    sentence = "The secret was sealed under a key that LICENSE_SECRET_KEY does not hold."


class UpdateError(LicenseServiceError):
    """The update manifest, its key or the folder it is served from cannot be used; the message says why."""

    code = "update_refused"


class KeyNotActiveError(ClaimRefusedError):
    """Only an active license key has an access key."""

    code = "license_key_not_active"
    sentence = "This license key is suspended, revoked or replaced."


class AccessKeyUnknownError(ClaimRefusedError):
    """The access key is signed by us, and its license key is not in this database: it is of another installation."""

    code = "access_key_unknown"
    sentence = "There is no license key to this access key."


class GroupNotActivatedError(ClaimRefusedError):
    """The organization registered, and the link in its second email was not followed yet (S1-33, S1-43)."""

    code = "group_not_activated"
    sentence = "This Group is not activated yet. Follow the link in the email that was sent to its administrator."


class ChangeRefusedError(LicenseServiceError):
    """A record stands against the change."""

    code = "change_refused"


class PostUnderWayError(ChangeRefusedError):
    """The same request with the same Idempotency-Key is being done at this moment, or was given up just now (F47)."""

    code = "request_under_way"
    sentence = "The request with this Idempotency-Key is still being done. Ask again in a moment."


class OnPremiseError(ChangeRefusedError):
    """The organization does not use the cloud platform (S2-19, S2-20)."""

    code = "on_premise"
    sentence = (
        "This organization runs on premise, without the cloud platform, and so has no synchronization, neither daily "
        "nor by hand. Register its access keys at the site."
    )


class SynchronizationUnderWayError(ChangeRefusedError):
    """One at a time, or the second would say what the first has changed."""

    code = "synchronization_under_way"
    sentence = "The license keys of this organization are being synchronized at this moment. Try again in a minute."
    is_passing = True


class SynchronizationLostError(ChangeRefusedError):
    """The run outlived its lease and was taken for interrupted (F07)."""

    code = "synchronization_interrupted"
    sentence = "The synchronization took too long and was interrupted. Start it again."
    is_passing = True


class RevisionChangedError(ChangeRefusedError):
    """What the site has activated is not what it is to have any more (S2-6)."""

    code = "revision_changed"
    sentence = "The license keys of this organization are not at this revision. Synchronize, then activate again."
    field = "revision"


class KeyNotRegisteredError(ChangeRefusedError):
    """Accesses are configured only on a license key that is registered (S2-25)."""

    code = "license_key_not_registered"
    sentence = "Access groups need a license key that is registered and active."
    field = "key_id"


class ComponentNotOnKeyError(ChangeRefusedError):
    """The license key lacks the component."""

    code = "component_not_on_key"
    sentence = "The license key lacks one of these components."
    field = "component_codes"


class NoPlaceFreeError(ChangeRefusedError):
    """More members would have access to a component than the key has seats for (S2-25)."""

    code = "no_place_free"
    sentence = "A component of this group has fewer seats than members would have access to it."
    field = "members"


class GroupNameTakenError(ChangeRefusedError):
    """Another access group of the license key has this name."""

    code = "access_group_name_taken"
    sentence = "Another access group of this license key has this name."
    field = "name"


class MemberElsewhereError(ChangeRefusedError):
    """A member is in one access group of a license key at most."""

    code = "member_in_other_group"
    sentence = "One of these members is in another access group of this license key."
    field = "members"


class UnknownProfileError(ChangeRefusedError):
    """The catalog has no such profile."""

    code = "unknown_profile"
    sentence = "The catalog has no profile with this code."
    field = "profile_code"


class UnknownComponentError(ChangeRefusedError):
    """The catalog has no such component."""

    code = "unknown_component"
    sentence = "The catalog lacks a component with one of these codes."
    field = "components"


class IdNumberTakenError(ChangeRefusedError):
    """Another license key of the organization has this ID # (S2-22)."""

    code = "id_number_taken"
    sentence = "Another license key of this organization has this ID #."
    field = "id_number"


class AgreementNumberTakenError(ChangeRefusedError):
    """Another agreement of the organization has this number."""

    code = "agreement_number_taken"
    sentence = "Another agreement of this organization has this number."
    field = "number"


class CodeTakenError(ChangeRefusedError):
    """The catalog has this code already."""

    code = "code_taken"
    sentence = "The catalog has this code already."
    field = "code"


class DeviceSeatedError(ChangeRefusedError):
    """The device that a seat was to be transferred to holds one, in this organization or another (T44)."""

    code = "device_seated"
    sentence = "The other device cannot take over this seat."


class SeatsInUseError(ChangeRefusedError):
    """More devices sit on a component than it would have seats; some must be released first (T59)."""

    code = "seats_in_use"
    sentence = "More devices sit on a component than it would have seats. Release some first."


class KeyStatusError(ChangeRefusedError):
    """The key's status has no such move."""

    code = "wrong_key_status"
    sentence = "The status of this license key does not allow that."


class SigningKeyRefusedError(ChangeRefusedError):
    """The signing keys stand otherwise than the command wants; the message says how."""

    code = "signing_key_refused"


class KeyEndedError(ChangeRefusedError):
    """The renewal date has passed; a new key takes the place of this one (S3-17)."""

    code = "key_ended"
    sentence = "The renewal date of this license key has passed. Issue a new key."


class RenewalDateError(ChangeRefusedError):
    """The key would not last longer than it does."""

    code = "renewal_date_not_later"
    sentence = "A license key is renewed until a day after its present renewal date."
    field = "renewal_date"


class WebhookUrlError(ChangeRefusedError):
    """Nothing is sent to this URL (T31)."""

    code = "webhook_url_refused"
    sentence = "Webhooks are sent to an https URL of a public host, without user, password or fragment."
    field = "url"


class WebhooksNotSetUpError(ChangeRefusedError):
    """There is no key to seal secrets with."""

    code = "webhooks_not_set_up"
    sentence = "This license service was started without LICENSE_SECRET_KEY, which seals the secrets of webhooks."


class EndpointDisabledError(ChangeRefusedError):
    """The webhook endpoint is disabled, and sent nothing."""

    code = "webhook_endpoint_disabled"
    sentence = "This webhook endpoint is disabled. Enable it first."
