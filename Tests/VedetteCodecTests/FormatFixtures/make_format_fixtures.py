"""Fixtures of the binary formats, made by libraries that share no code with ours.

    pip install fastavro==1.13.1 backports.zstd protobuf==7.36.2 grpcio-tools==1.85.1
    python3 make_format_fixtures.py

Writes avro.json and protobuf.json beside this file: schemas, records as hexadecimal bytes, and the JSON that is expected
of them, whose numbers and names come from the libraries (fastavro's reader, Protobuf's json_format and DESCRIPTORs).
"""
import base64, datetime, decimal, io, json, math, os, random, subprocess, sys, tempfile, uuid
import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, struct_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(20260105)


# ---------------------------------------------------------------- Avro

ADDRESS = {"type": "record", "name": "Address", "namespace": "shop.geo", "fields": [
    {"name": "country", "type": {"type": "enum", "name": "Country", "symbols": ["DE", "FR", "US"]}},
    {"name": "zip", "type": ["null", "string"], "default": None}]}
EVERY = {"type": "record", "name": "Every", "namespace": "shop", "doc": "one of each", "fields": [
    {"name": "nothing", "type": "null"},
    {"name": "yes", "type": "boolean"},
    {"name": "i", "type": "int"},
    {"name": "l", "type": "long"},
    {"name": "f", "type": "float"},
    {"name": "d", "type": "double"},
    {"name": "b", "type": "bytes"},
    {"name": "s", "type": "string"},
    {"name": "address", "type": ADDRESS},
    {"name": "billing", "type": ["null", "shop.geo.Address"], "default": None},
    {"name": "country", "type": "shop.geo.Country"},
    {"name": "list", "type": {"type": "array", "items": ["null", "long", "string"]}},
    {"name": "map", "type": {"type": "map", "values": {"type": "array", "items": "double"}}},
    {"name": "four", "type": {"type": "fixed", "name": "Four", "size": 4}},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 4}},
    {"name": "units", "type": {"type": "fixed", "name": "Units", "size": 12, "logicalType": "decimal", "precision": 25}},
    {"name": "ms", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "us", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "next", "type": ["null", "Every"], "default": None},
]}


def text():
    return "".join(random.choice(["a", "Z", "\"", "\\", "\n", "\t", "\x01", "é", "€", "🐟", " "]) for _ in range(random.randrange(12)))


def number():
    return random.choice([0.0, -0.0, 0.1, 1e-300, 5e-324, 1.7976931348623157e308, random.random(), random.uniform(-1e6, 1e6), 3.0, 1e16, 123456789012345680.0])


def address():
    return {"country": random.choice(["DE", "FR", "US"]), "zip": random.choice([None, text()])}


def every(depth=0):
    return {
        "nothing": None, "yes": random.random() < 0.5, "i": random.choice([0, -1, 2**31 - 1, -2**31, random.randrange(-1000, 1000)]),
        "l": random.choice([0, 2**63 - 1, -2**63, random.randrange(-10**12, 10**12)]), "f": float(random.randrange(-1000, 1000)) / 64,
        "d": number(), "b": random.randbytes(random.randrange(9)), "s": text(), "address": address(),
        "billing": random.choice([None, address()]), "country": random.choice(["DE", "FR", "US"]),
        "list": [random.choice([None, random.randrange(-5, 5), text()]) for _ in range(random.randrange(5))],
        "map": {f"k{n}": [number() for _ in range(random.randrange(3))] for n in range(random.randrange(4))},
        "four": random.randbytes(4), "price": decimal.Decimal(random.randrange(-10**20, 10**20)).scaleb(-4),
        "units": decimal.Decimal(random.choice([0, 7, -7, 10**17, -10**18, 10**24])),
        "ms": random.randrange(0, 2 * 10**12), "us": random.randrange(-10**15, 2 * 10**15), "day": random.randrange(0, 20000),
        "id": str(uuid.UUID(int=random.getrandbits(128))), "next": every(depth + 1) if depth < 3 and random.random() < 0.4 else None,
    }


def wanted(value, name=None):
    """What the reader is to say, as JSON text made without a JSON library's idea of numbers."""
    if value is None: return "null"
    if isinstance(value, bool): return "true" if value else "false"
    if isinstance(value, int): return str(value)
    if isinstance(value, float): return repr(value)
    if isinstance(value, bytes): return json.dumps(base64.b64encode(value).decode())
    if isinstance(value, str): return json.dumps(value, ensure_ascii=False)
    if isinstance(value, decimal.Decimal):
        plain = format(value, "f")
        return plain + ".0" if "." not in plain and abs(value) >= 10**18 else plain
    if isinstance(value, list): return "[" + ",".join(wanted(v) for v in value) + "]"
    return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + wanted(v) for k, v in value.items()) + "}"


def avro():
    schema = fastavro.parse_schema(json.loads(json.dumps(EVERY)))
    cases = []
    for _ in range(40):
        record = every()
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, record)
        cases.append({"hex": out.getvalue().hex(), "json": wanted(record)})
    plain = fastavro.parse_schema({"type": "record", "name": "Row", "fields": [{"name": "n", "type": "long"}, {"name": "text", "type": "string"}]})
    rows = [{"n": n, "text": "row " * (n % 7)} for n in range(300)]
    files = {}
    for codec in ["null", "deflate", "zstandard"]:
        out = io.BytesIO()
        try:
            fastavro.writer(out, plain, rows, codec=codec, sync_interval=1000, sync_marker=bytes(range(16)))
        except (ValueError, ImportError) as error:
            print("no", codec, error, file=sys.stderr)
            continue
        files[codec] = base64.b64encode(out.getvalue()).decode()
    json.dump({"schema": json.dumps(EVERY), "cases": cases, "files": files, "rows": [wanted(r) for r in rows]},
              open(os.path.join(HERE, "avro.json"), "w"), indent=0, ensure_ascii=True)


# ---------------------------------------------------------------- Protobuf

def descriptor_set(name):
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "set")
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{HERE}", f"--descriptor_set_out={path}", "--include_imports", name], check=True)
        return open(path, "rb").read()


def classes(raw):
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(raw).file: pool.Add(file)
    return pool


def fill(message, depth=0):
    for field in message.DESCRIPTOR.fields:
        if random.random() < 0.35: continue
        if field.message_type and field.message_type.full_name.startswith("google.protobuf."):
            target = getattr(message, field.name)
            name = field.message_type.name
            if name == "Timestamp": target.seconds, target.nanos = random.randrange(0, 2 * 10**9), random.randrange(1000) * 10**6
            if name == "Duration": target.seconds, target.nanos = random.randrange(0, 9), random.randrange(10**9)
            if name == "DoubleValue": target.value = number()
            if name == "Struct":
                target.update({"a": 1.5, "b": [True, None, {"c": text()}], "e": {}})
        elif field.message_type and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            for n in range(random.randrange(3)):
                key = {"numbers": f"k{n}", "inners": n - 1, "flags": bool(n)}[field.name]
                if value.message_type: fill(getattr(message, field.name)[key], depth + 1)
                else: getattr(message, field.name)[key] = scalar(value)
        elif field.message_type:
            if depth > 2: continue
            if field.is_repeated:
                for _ in range(random.randrange(3)): fill(getattr(message, field.name).add(), depth + 1)
            else:
                getattr(message, field.name).SetInParent()
                fill(getattr(message, field.name), depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(scalar(field) for _ in range(random.randrange(4)))
        else:
            setattr(message, field.name, scalar(field))


def scalar(field):
    t = field.type
    F = type(field)
    if t == F.TYPE_DOUBLE: return number()
    if t == F.TYPE_FLOAT: return float(random.randrange(-1000, 1000)) / 64
    if t == F.TYPE_BOOL: return random.random() < 0.5
    if t == F.TYPE_STRING: return text()
    if t == F.TYPE_BYTES: return random.randbytes(random.randrange(9))
    if t == F.TYPE_ENUM: return random.choice(field.enum_type.values).number
    bits = 64 if t in (F.TYPE_INT64, F.TYPE_UINT64, F.TYPE_SINT64, F.TYPE_FIXED64, F.TYPE_SFIXED64) else 32
    low, high = (0, 2**bits - 1) if t in (F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_FIXED32, F.TYPE_FIXED64) else (-2**(bits - 1), 2**(bits - 1) - 1)
    return random.choice([low, high, 0, 1, random.randrange(low, high)])


def expected(message):
    """Walks the library's own objects in the order of the fields; what our docs say where they leave its JSON mapping."""
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        return json.dumps(datetime.datetime.fromtimestamp(message.seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{message.nanos // 10**6:03d}Z")
    if name == "google.protobuf.Duration": return f"{message.seconds}.{message.nanos:09d}"
    if name == "google.protobuf.DoubleValue": return repr(message.value)
    if name == "google.protobuf.Struct":
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + expected(v) for k, v in message.fields.items()) + "}"
    if name == "google.protobuf.ListValue": return "[" + ",".join(expected(v) for v in message.values) + "]"
    if name == "google.protobuf.Value":
        kind = message.WhichOneof("kind")
        if kind in (None, "null_value"): return "null"
        value = getattr(message, kind)
        return expected(value) if kind in ("struct_value", "list_value") else wanted(value)
    parts = []
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.has_presence and not message.HasField(field.name): continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            inner = field.message_type.fields_by_name["value"]
            body = "{" + ",".join(json.dumps(k if isinstance(k, str) else str(k).lower(), ensure_ascii=False) + ":" + one(inner, value[k]) for k in value) + "}"
        elif field.is_repeated: body = "[" + ",".join(one(field, v) for v in value) + "]"
        else: body = one(field, value)
        parts.append(json.dumps(field.name) + ":" + body)
    return "{" + ",".join(parts) + "}"


def one(field, value):
    if field.message_type: return expected(value)
    if field.enum_type:
        known = field.enum_type.values_by_number.get(value)
        return json.dumps(known.name) if known else str(value)
    return wanted(value)


def protobuf():
    result = {"sets": {}, "cases": []}
    for file, names in [("every.proto", ["fixture.Every"]), ("old.proto", ["fixture.Old"])]:
        raw = descriptor_set(file)
        result["sets"][file] = base64.b64encode(raw).decode()
        pool = classes(raw)
        for name in names:
            make = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
            for _ in range(25 if file == "every.proto" else 15):
                message = make()
                fill(message)
                if name == "fixture.Old": message.id = text()
                # Maps in the order in which they are on the wire.
                raw_message = message.SerializeToString(deterministic=True)
                again = make.FromString(raw_message)
                result["cases"].append({"set": file, "message": name, "hex": raw_message.hex(), "json": expected(again)})
    result["sets"]["traffic.proto"] = base64.b64encode(descriptor_set("traffic.proto")).decode()
    json.dump(result, open(os.path.join(HERE, "protobuf.json"), "w"), indent=0, ensure_ascii=True)


avro()
protobuf()
