"""Changes of one thing in a request: its body, its template, its form, its bytes, its path, its query, its headers."""

import json
import urllib.parse

from request_words import ARGUMENTS, FILTERS, FUNCTIONS, HEADERS, QUERIES, RAW_HEADERS, SEGMENTS, VALUES, VERSIONS


def mutate_value(rng, value, depth=0):
    """The value with one thing in it changed."""
    choice = rng.random()
    if isinstance(value, dict) and value and choice < 0.85 and depth < 6:
        changed = dict(value)
        key = rng.choice(list(changed))
        action = rng.randrange(6)
        if action == 0:
            del changed[key]
        elif action == 1:
            changed[rng.choice([key.upper(), key.lower(), key + "x", "", "\u0000", key * 40])] = changed[key]
        elif action == 2:
            changed[key] = rng.choice(VALUES)
        else:
            changed[key] = mutate_value(rng, changed[key], depth + 1)
        return changed
    if isinstance(value, list) and value and choice < 0.7:
        return rng.choice(
            [value * 10, value[1:], [mutate_value(rng, value[0], depth + 1)], value + [rng.choice(VALUES)]]
        )
    if isinstance(value, str) and value and choice < 0.4:
        at = rng.randrange(len(value))
        return (
            value[:at]
            + rng.choice(["", "\u0000", "'", '"', "/", "é", " ", "%", "9" * 30])
            + value[at + rng.randrange(2) :]
        )
    return rng.choice(VALUES)


def mutate_bytes(rng, raw):
    """Bytes that are mostly no JSON any more."""
    action = rng.randrange(6)
    if action == 0:
        return raw[: rng.randrange(len(raw) + 1)]
    if action == 1:
        return b"[" * rng.choice([10, 3000, 100000])
    if action == 2:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
    if action == 3:
        return b"\xef\xbb\xbf" + raw
    if action == 4:
        return raw + raw
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def encode(value):
    """JSON, with lone surrogates as escapes."""
    return json.dumps(value).encode()


def mutate_path(rng, path):
    parts = path.split("/")
    at = rng.randrange(1, len(parts))
    action = rng.randrange(7)
    if action == 0:
        parts[at] = rng.choice(SEGMENTS)
    elif action == 1:
        parts.insert(at, rng.choice(SEGMENTS))
    elif action == 2:
        del parts[at]
    elif action == 3:
        parts[at] = parts[at].swapcase()
    elif action == 4:
        parts = parts[:at]
    elif action == 5:
        parts[at] = "".join(f"%{byte:02x}" for byte in parts[at].encode())
    else:
        parts.append(rng.choice(SEGMENTS))
    return "/".join(parts) or "/"


def mutate_query(rng, version, own=()):
    """`own`: pairs that the call has anyway."""
    pairs = list(own)
    if version or rng.random() < 0.3:
        pairs.append(("api-version", rng.choice(VERSIONS) if rng.random() < 0.5 else version))
    for _ in range(rng.randrange(3)):
        name = rng.choice(QUERIES) if not own or rng.random() < 0.5 else rng.choice(list(own))[0]
        pairs.append((name, as_text(rng.choice(FILTERS if name == "$filter" else VALUES))))
    rng.shuffle(pairs)
    return pairs


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def escape(text):
    return urllib.parse.quote(text.encode("utf-8", "replace"), safe="%$")


def encode_pairs(pairs):
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


# -- forms ------------------------------------------------------------------------------------------------------


def mutate_form(rng, form):
    """The form's fields with one of them changed; bytes."""
    pairs = [[name, value] for name, value in form.items()]
    at = rng.randrange(len(pairs))
    action = rng.randrange(8)
    if action == 0:
        del pairs[at]
    elif action == 1:
        pairs.append([pairs[at][0], as_text(rng.choice(VALUES))])
    elif action == 2:
        pairs[at][0] = rng.choice([pairs[at][0].upper(), "", "\u0000", pairs[at][0] + "%00", "a" * 5000])
    elif action == 3:
        pairs[at][1] = mutate_token(rng, pairs[at][1])
    elif action == 4:
        pairs = pairs * rng.choice([2, 300])
    elif action < 7:
        pairs[at][1] = as_text(rng.choice(VALUES))
    raw = "&".join(
        f"{name}={urllib.parse.quote(value.encode('utf-8', 'replace'), safe='')}" for name, value in pairs
    ).encode("utf-8", "replace")
    return mutate_bytes(rng, raw) if action == 7 else raw


def mutate_token(rng, text):
    """A JWT or any other text, with a part of it gone or changed."""
    parts = text.split(".")
    at = rng.randrange(len(parts))
    parts[at] = rng.choice(
        ["", "e30", "bnVsbA", "eyJhbGciOiJub25lIn0", "!", "A" * 20000, parts[at][:-3], parts[at] * 2]
    )
    return ".".join(parts)


# -- headers ----------------------------------------------------------------------------------------------------


def mutate_headers(rng, headers):
    """Pairs of bytes, to be sent as they are; a line without a name has one of None."""
    pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
    for _ in range(rng.choice([1, 1, 2, 3])):
        action = rng.randrange(10)
        name = rng.choice(list(HEADERS))
        new = (name.encode(), rng.choice(HEADERS[name]).encode("latin-1"))
        if action < 4:
            pairs = [pair for pair in pairs if pair[0] != new[0]] + [new]
        elif action < 7:
            pairs.append(new)  # a second one of most
        elif action == 7 and pairs:
            del pairs[rng.randrange(len(pairs))]
        elif action == 8:
            pairs.append((None, rng.choice(RAW_HEADERS)))
        else:
            pairs += [(b"n%d" % i, b"v") for i in range(rng.choice([50, 300, 3000]))]
    return pairs


# -- templates --------------------------------------------------------------------------------------------------


def expression(rng, depth=0):
    """A template expression that may mean something."""
    inner = [
        expression(rng, depth + 1)[1:-1] if depth < 6 and rng.random() < 0.45 else rng.choice(ARGUMENTS)
        for _ in range(rng.randrange(4))
    ]
    text = f"{rng.choice(FUNCTIONS)}({', '.join(part for part in inner if part)})"
    return "[" + text + rng.choice(["", "", "", ".a", "[0]", "['a']", ")", "("]) + "]"


def places(value, path=()):
    """Every path in a JSON value that leads to a text, a list or an object."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield from places(member, (*path, key))


def mutate_template(rng, body):
    """A deployment's body with expressions, or things that are no template, anywhere in it."""
    body = json.loads(json.dumps(body))
    for _ in range(rng.choice([1, 1, 2, 5])):
        path = rng.choice([path for path in places(body) if path])
        holder = body
        for key in path[:-1]:
            holder = holder[key]
        old, action = holder[path[-1]], rng.randrange(6)
        if action < 3:
            holder[path[-1]] = expression(rng)
        elif action == 3:
            holder[path[-1]] = rng.choice(VALUES)
        elif action == 4:
            copy = {"name": "c", "count": rng.choice([0, 1, 800, -1, 10**9, "[add(400, 400)]", "x"])}
            holder[path[-1]] = {**old, "copy": copy} if isinstance(old, dict) else old
        else:
            holder[path[-1]] = [old] * rng.choice([2, 50]) if isinstance(old, dict) else {"a": old}
    return body
