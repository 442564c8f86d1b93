"""The types of schema fields: their size on the wire and their C++ types.

Only this file maps the semantic types of the schemas to the strong types of the project.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wire:
    """A primitive type of the protocol. `size` in bytes; None for types with a length prefix."""

    name: str
    size: int | None
    cpp: str

    @property
    def is_integer(self):
        return self.size is not None and self.name not in ("bool", "float64", "uuid")


@dataclass(frozen=True)
class Scalar:
    """The type of a field that is not a struct. `kind` says how C++ wraps the value: plain (not at
    all), strong (a strong type with `value()`), enum (an enumeration of that width)."""

    name: str
    wire: Wire
    cpp: str
    kind: str


WIRE = {
    wire.name: wire
    for wire in (
        Wire("bool", 1, "bool"),
        Wire("int8", 1, "std::int8_t"),
        Wire("int16", 2, "std::int16_t"),
        Wire("uint16", 2, "std::uint16_t"),
        Wire("int32", 4, "std::int32_t"),
        Wire("uint32", 4, "std::uint32_t"),
        Wire("int64", 8, "std::int64_t"),
        Wire("float64", 8, "double"),
        Wire("uuid", 16, "Uuid"),
        Wire("string", None, "std::string_view"),
        Wire("bytes", None, "ByteView"),
        Wire("records", None, "wire::Records"),
    )
}

# Semantic name, wire type, C++ type, kind. String types remain std::string_view: their semantic
# names are only documentation.
_SEMANTIC = (
    ("api_key", "int16", "ApiKey", "enum"),
    ("error", "int16", "wire::ErrorCode", "enum"),
    ("api_version", "int16", "ApiVersion", "strong"),
    ("correlation_id", "int32", "CorrelationId", "strong"),
    ("broker_id", "int32", "BrokerId", "strong"),
    ("broker_epoch", "int64", "BrokerEpoch", "strong"),
    ("partition_index", "int32", "PartitionIndex", "strong"),
    ("partition_epoch", "int32", "PartitionEpoch", "strong"),
    ("leader_epoch", "int32", "LeaderEpoch", "strong"),
    ("offset", "int64", "Offset", "strong"),
    ("producer_id", "int64", "ProducerId", "strong"),
    ("producer_epoch", "int16", "ProducerEpoch", "strong"),
    ("timestamp", "int64", "Timestamp", "strong"),
    ("millis", "int32", "Millis", "strong"),
    ("topic_id", "uuid", "TopicId", "strong"),
    ("directory_id", "uuid", "DirectoryId", "strong"),
    ("incarnation_id", "uuid", "IncarnationId", "strong"),
    ("topic_name", "string", "std::string_view", "plain"),
    ("transactional_id", "string", "std::string_view", "plain"),
    ("group_id", "string", "std::string_view", "plain"),
)

SCALARS = {name: Scalar(name, wire, wire.cpp, "plain") for name, wire in WIRE.items()}
SCALARS |= {name: Scalar(name, WIRE[wire], cpp, kind) for name, wire, cpp, kind in _SEMANTIC}

INTEGER_BOUNDS = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
