"""Every setting, once: its name, default and meaning. The reference page is generated from here.

Settings come from a TOML file, and from the environment, which wins: ``[web] port`` is ``DEPESCHE_WEB__PORT``.
"""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

MIB = 1 << 20
DAY = 86_400
"""Seconds."""

LONGEST_DAYS = 36_500
"""Ages of a hundred years are enough, and no moment before the first year comes of them."""


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


_BUCKET = r"^(s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?)?$"


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(Section):
    """Where the fronts listen."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="Networks whose X-Forwarded-For, -Proto and -Host headers are believed."
    )
    connections: int = Field(
        default=1000,
        ge=1,
        description="Connections at once. One more takes the place of the one that waits longest for a request; where "
        "none waits it is answered with 503.",
    )
    head_seconds: float = Field(
        default=20, gt=0, description="A connection is closed if no whole head of a request has come by then."
    )
    idle_seconds: int = Field(
        default=75,
        ge=1,
        description="A connection is kept this long for a further request; proxies keep theirs for 60.",
    )
    silence_seconds: float = Field(
        default=60, gt=0, description="A client may rest for this long while it sends its request or reads its answer."
    )
    pace: int = Field(
        default=1000,
        ge=1,
        description="Bytes a second that a client sends or reads in the long run; a slower one is given up.",
    )


class Operations(Section):
    """Where those ask who watch over this node: `/metrics`, `/healthz`, `/readyz`. For the operator's network alone."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=0, ge=0, le=65535, description="Port to listen on, `9464` for example; 0: on none.")


class Soap(Section):
    """The FAX.de interface."""

    namespace: str = Field(
        default="urn:XMLWSIntf-IntfXMLWS", description="Namespace of the methods, as published in the rpc/encoded WSDL."
    )
    target_namespace: str = Field(default="http://tempuri.org/", description="targetNamespace of the rpc/encoded WSDL.")
    document_namespace: str = Field(
        default="urn:XMLWSIntf-IntfXMLWS-doc", description="Namespace of the document/literal twin."
    )
    max_body: int = Field(default=512 * MIB, ge=MIB, description="Bytes of one request, base64 included.")
    max_file: int = Field(default=128 * MIB, ge=MIB, description="Bytes of one decoded file.")
    max_text: int = Field(
        default=1 * MIB,
        ge=4096,
        description="Bytes of one text parameter (Recipient, SendText, Options; the others are short: 1 KiB).",
    )
    max_before_login: int = Field(
        default=256 * MIB,
        ge=0,
        description="Bytes of files and long texts that all requests together may hold while it is not known whose "
        "they are: Account and Password stand behind them, or are wrong.",
    )
    max_seconds: float = Field(
        default=25, gt=0, description="An answer leaves within this time; clients give up soon after."
    )


class Render(Section):
    """Making pages of documents."""

    workers: int = Field(
        default=2,
        ge=1,
        description="Orders whose documents are converted at once, and one more while all of them are one account's.",
    )
    seconds: float = Field(
        default=20, gt=0, description="Time for one order's documents, the wait for a worker included."
    )
    memory: int = Field(
        default=1024 * MIB,
        ge=352 * MIB,
        description="Bytes of address space for one conversion; the converter itself takes 240 MiB of it.",
    )
    output: int = Field(
        default=256 * MIB, ge=4 * MIB, description="Bytes that one conversion may write; the longest page takes 3 MiB."
    )
    pixels: int = Field(default=200_000_000, ge=1_000_000, description="Pixels of one picture before it is scaled.")
    pages: int = Field(default=500, ge=1, le=5000, description="Pages of one order.")
    sandbox: Annotated[str, Field(pattern="^(require|prefer|off)$")] = Field(
        default="prefer",
        description="bubblewrap around the converters: `require` refuses to start without it, `prefer` warns, `off`.",
    )


class Lines(Section):
    """Where this node's end of the lines is (`depesche line`)."""

    host: str = Field(
        default="",
        description="Address of this machine for SIP and media; empty: for each line the one by which its host is "
        "reached.",
    )
    nameserver: str = Field(
        default="",
        pattern=r"^(([0-9.]{7,15}|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?)?$",
        description="Address of the DNS server that knows the trunks' names, `192.0.2.53` or `[2001:db8::53]:5353`; "
        "empty: the machine's own.",
    )
    advertised: str = Field(
        default="",
        description="The address as others see it, where a NAT is in between; empty: `host`. Those "
        "on this side of it see that one.",
    )
    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes for calls, each for lines of its own: one carries hundreds of calls on its core.",
    )
    port: int = Field(
        default=0,
        ge=0,
        le=65000,
        description="Port of SIP over UDP and TCP, of further processes each two more; 0: any.",
    )
    tls_port: int = Field(default=0, ge=0, le=65000, description="Port of SIP over TLS, likewise; 0: any.")
    media_ports: Annotated[str, Field(pattern="^([0-9]{1,5}-[0-9]{1,5})?$")] = Field(
        default="", description="Ports for media, `16384-32767` for example; empty: any."
    )
    certificate: Path | None = Field(default=None, description="PEM file of our certificate, for TLS.")
    key: Path | None = Field(default=None, description="PEM file of its key, if it is not in the same file.")
    authorities: Path | None = Field(
        default=None, description="PEM file of those who sign trunks' certificates; none: the machine's own."
    )


Millimetres = Annotated[float, Field(ge=0, le=300)]


class Letters(Section):
    """What printer and print centre need of the sheets of a letter. What is in their way is a warning of the job."""

    margin: Annotated[float, Field(ge=0, le=20)] = Field(
        default=4, description="Millimetres at each edge of a sheet that cannot be printed on; 0: all of it can be."
    )
    strip: Annotated[float, Field(ge=0, le=50)] = Field(
        default=0,
        description="Millimetres at the left edge of each sheet where the print centre prints a code of its own.",
    )
    free: tuple[tuple[Millimetres, Millimetres, Millimetres, Millimetres], ...] = Field(
        default=(),
        max_length=10,
        description="Places on the first sheet where the print centre prints, such as its franking mark: left, top, "
        "width and height in millimetres, `[[20, 53, 85, 13]]`.",
    )


class Dispatch(Section):
    """The loops that carry deliveries."""

    poll_seconds: float = Field(
        default=1.0, gt=0, description="Loops look again after this time even if nobody woke them."
    )
    lease_seconds: float = Field(
        default=30.0, gt=0, description="A worker that is silent for this long counts as dead."
    )
    fax_calls: int = Field(default=8, ge=1, description="Fax calls at once on this node.")
    others: int = Field(default=32, ge=1, description="SMS, mails, letters and invoices in work at once, of each.")
    retry_minutes: tuple[float, ...] = Field(
        default=(1, 5, 10), min_length=1, description="Pauses before a fax is dialled again; the last one repeats."
    )
    resume_faxes: bool = Field(
        default=False,
        description="A repeat of a fax begins with the first page that no attempt brought to the far machine. The "
        "receiver gets the pages in pieces, so it is off.",
    )
    sandbox_speed: float = Field(
        default=60, gt=0, description="How many times faster retries run for sandbox accounts."
    )
    sweep_hours: float = Field(
        default=1, gt=0, description="Pause between looks for documents that belong to no order and no received fax."
    )
    orphan_days: float = Field(
        default=7,
        ge=1,
        description="Such documents are deleted when they are older than this. What arrives slowly is one of them "
        "until it is whole, so it has to be more than `[soap] max_body` takes at the `[web] pace`.",
    )


class Accounts(Section):
    """Logging in."""

    verified_seconds: float = Field(
        default=300, ge=0, description="How long a verified password is believed without computing argon2id again."
    )
    wrong_passwords: int = Field(
        default=10,
        ge=1,
        description="Wrong passwords of one account from one address before that address has to pause.",
    )
    pause_seconds: float = Field(default=60, gt=0, description="First pause; it doubles with each further series.")
    longest_pause_seconds: float = Field(default=900, gt=0, description="No pause is longer.")
    most_recipients: int = Field(
        default=1_000_000,
        ge=1,
        description="Rows of one order, for everyone; an account may have a limit of its own.",
    )
    double_minutes: float = Field(
        default=5, ge=0, description="An order that went OK within this time makes an identical one a double (-77)."
    )


class Callbacks(Section):
    """Telling the customers' programs what became of their orders (STATURL)."""

    when: Annotated[str, Field(pattern="^(job|recipient)$")] = Field(
        default="job",
        description="`job`: after the whole job is final; `recipient`: each recipient as it is final. "
        "Holds for orders accepted from then on.",
    )
    seconds: float = Field(
        default=10, gt=0, le=300, description="Time for one call, from its name to the head of its answer."
    )
    at_once: int = Field(
        default=32, ge=1, description="Calls at once; a quarter of them to one host, half of them for one account."
    )
    allow: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks that may be called although they are not the public Internet, or are this machine's own; "
        "`10.1.0.0/16`, `fd00::/8`.",
    )
    hours: float = Field(
        default=24,
        gt=0,
        le=8760,
        description="A call that fails is repeated for so long, then the next recipient is told.",
    )
    redirects: int = Field(default=3, ge=0, le=20, description="Redirects that one call follows.")

    def on_this_machine(self) -> "Callbacks":
        """The same, and loopback may be called: for the demo, whose customers sit at this machine."""
        loopback = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
        return self.model_copy(update={"allow": (*self.allow, *loopback)})


class Blobs(Section):
    """Where documents and received faxes lie: in the folder `blobs` of the data folder, or in S3."""

    url: Annotated[str, Field(pattern=_BUCKET)] = Field(
        default="",
        description="`s3://bucket/prefix`, for one node or many; empty: the folder. Bucket and prefix belong to one "
        "installation alone.",
    )
    endpoint: Annotated[str, Field(pattern=r"^(https?://[^/?#@\s]+/?)?$")] = Field(
        default="", description="Address of the S3 server, `https://s3.example.com`; empty: that of AWS."
    )
    region: str = Field(default="", description="Region of the bucket; empty: `AWS_REGION`, or us-east-1.")
    access_key: str = Field(
        default="",
        description="Name of the key. Without one AWS's variables in the environment count (`AWS_ACCESS_KEY_ID`), "
        "or the role of the machine or container.",
    )
    secret_key: SecretStr = Field(default=SecretStr(""), description="The key itself.")
    allow_http: bool = Field(default=False, description="Whether `endpoint` may be `http://`, without encryption.")
    seconds: float = Field(
        default=10,
        gt=0,
        le=60,
        description="Time for one step with S3, repeats included; the largest is a part of 5 MiB. An order that comes "
        "while S3 does not answer is refused after it.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if bool(self.access_key) != bool(self.secret_key.get_secret_value()):
            raise ValueError("access_key and secret_key are given together, or neither")
        if self.endpoint.startswith("http:") and not self.allow_http:
            raise ValueError("documents would travel without encryption: an https:// endpoint, or allow_http")
        return self


Days = Annotated[int, Field(ge=0, le=LONGEST_DAYS)]
"""An age; 0 is none. So who types 0 and means at once finds everything still there."""


class Retention(Section):
    """How long things are kept, in days; 0: for ever. Accounts may have ages of their own (`depesche account set`)."""

    hours: float = Field(default=1, gt=0, description="Pause between looks for what is old enough.")
    document_days: Days = Field(
        default=90,
        description="Documents, pages and text of a job, and the names of its files, from its end on: long enough to "
        "see what a recipient complains about. The record of the job stays.",
    )
    fax_days: Days = Field(
        default=14,
        description="A received fax after it was deleted from its inbox (DeleteReceived): time to undo a program's "
        "mistake. Who called when is on record for `record_days`.",
    )
    kept_fax_days: Days = Field(
        default=0,
        description="A received fax that nobody deleted, from its reception on. For ever, unless this says otherwise: "
        "nobody may have read it.",
    )
    record_days: Days = Field(
        default=365,
        description="The record of a job from its end on, when nobody is to be told any more: recipients, attempts, "
        "results, and what is left of its documents. JobStatus then knows no such job. So a year of bills can be "
        "explained recipient by recipient.",
    )
    usage_days: Days = Field(
        default=365, description="What an account ordered on a day, as sums of euro and pages, for its daily limits."
    )
    ledger_days: Days = Field(
        default=3653,
        description="Lines of the ledger, from the end of the year of each on: ten years (§ 257 HGB, § 147 AO). Those "
        "that go become one line that carries their sum forward.",
    )
    audit_days: Days = Field(
        default=3653,
        description="Lines that say which operator changed what, counted like those of the ledger: they explain them.",
    )
    refusal_days: Days = Field(
        default=90, description="Lines of refused orders (`depesche refusal list`): somebody asks why within weeks."
    )


class Role(StrEnum):
    """What a node does."""

    WEB = "web"
    """Answers requests."""

    DISPATCH = "dispatch"
    """Runs the loops that move orders on: what is due, what was lost, who is to be told, what is to be deleted."""

    LINES = "lines"
    """Carries deliveries."""


WORK = frozenset({Role.DISPATCH, Role.LINES})
"""What is done behind the front."""


class Settings(BaseSettings):
    """All settings of one node."""

    model_config = SettingsConfigDict(
        env_prefix="DEPESCHE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # there are secrets in it
    )
    toml_file: ClassVar[Path | None] = None

    data: Path = Field(default=Path("data"), description="Folder for the database and the documents.")
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="`postgresql://user:password@host/database`: a PostgreSQL database, for one node or many, in "
        "place of the file in the data folder.",
    )
    database_connections: int = Field(
        default=12, ge=5, description="Connections of this node to PostgreSQL at most, four of them for reading."
    )
    name: str = Field(
        default="", max_length=40, description="What this node is called (`depesche node list`); empty: as its machine."
    )
    roles: frozenset[Role] = Field(
        default=frozenset(Role),
        min_length=1,
        description="What this node does: `web` answers requests, `dispatch` moves orders on, `lines` carries "
        "deliveries. Some node has to do each of them.",
    )
    first_job_id: int = Field(default=1, ge=1, lt=2**31, description="JobId of the first job of a new installation.")
    first_fax_id: int = Field(
        default=1, ge=1, lt=2**63, description="FaxId of the first received fax of a new installation."
    )
    sandbox: bool = Field(default=False, description="Every account of this node ends in the sandbox channels.")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Europe/Berlin",
        description="Zone of the times that people read, of quiet hours, and of the days of trials, payments and "
        "limits.",
    )
    web: Web = Field(default=Web())
    operations: Operations = Field(default=Operations())
    soap: Soap = Field(default=Soap())
    render: Render = Field(default=Render())
    letters: Letters = Field(default=Letters())
    lines: Lines = Field(default=Lines())
    dispatch: Dispatch = Field(default=Dispatch())
    accounts: Accounts = Field(default=Accounts())
    callbacks: Callbacks = Field(default=Callbacks())
    blobs: Blobs = Field(default=Blobs())
    retention: Retention = Field(default=Retention())

    @model_validator(mode="after")
    def _what_is_shared_can_be(self) -> Self:
        if self.roles != frozenset(Role) and not self.database_url.get_secret_value():
            raise ValueError("nodes share roles on one PostgreSQL database: give a database_url, or all roles")
        return self

    @model_validator(mode="after")
    def _answers_leave_in_time(self) -> Self:
        if self.render.seconds >= self.soap.max_seconds:
            raise ValueError(
                f"[render] seconds ({self.render.seconds:g}) must be less than [soap] max_seconds "
                f"({self.soap.max_seconds:g}): an order whose documents take too long is answered as well"
            )
        return self

    @model_validator(mode="after")
    def _slow_orders_are_no_orphans(self) -> Self:
        slowest = self.web.silence_seconds + self.soap.max_body / self.web.pace + self.soap.max_seconds
        if self.dispatch.orphan_days * DAY <= slowest:
            raise ValueError(
                f"[dispatch] orphan_days ({self.dispatch.orphan_days:g}) must be more than {slowest / DAY:.3g}: a "
                "request of [soap] max_body that comes at the [web] pace takes so long, and would lose its documents"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=cls.toml_file)


def load(toml_file: Path | None = None, **given: object) -> Settings:
    """Settings from the file, the environment and what the command line `given`, each stronger than the one before.

    Raises: pydantic.ValidationError, FileNotFoundError.
    """
    if toml_file is not None and not toml_file.is_file():
        raise FileNotFoundError(f"no settings file at {toml_file}")
    source = type("Settings", (Settings,), {"toml_file": toml_file})
    settings: Settings = source(**given)
    return settings
