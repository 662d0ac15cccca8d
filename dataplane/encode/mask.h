#pragma once
// The scanners behind redaction: each finds named values in one notation and overwrites them in place with
// `*`. Pure, bounded, one pass, no recursion; contents may be any bytes. In doubt a scanner masks more, never
// less.

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"
#include "encode/name_set.h"

namespace spanlight {

constexpr char kMaskCharacter = '*';

// Overwrites [from, to). True if there was anything to overwrite.
bool mask_range(MutableBytes text, std::size_t from, std::size_t to);

// `name=value` between `&`, `;`, `?` and `#` (URL queries, forms, path parameters). Names are compared after
// percent decoding; of `a[b]` also `a` and `b`. A value ends at `&` alone, since `;` may be part of it.
bool mask_parameters(MutableBytes text, const NameSet& names);

// `name=value; …` of Cookie and Set-Cookie (RFC 6265); also behind `,` (RFC 2965) and with quoted values.
bool mask_cookies(MutableBytes value, const NameSet& names);

// user:password of every `scheme://user:password@host` (RFC 3986 section 3.2.1).
bool mask_userinfo(MutableBytes text);

bool looks_like_json(Bytes text);  // its first character opens an object or array

enum class JsonOutcome : std::uint8_t { unchanged, changed, not_json };

// RFC 8259 text, possibly cut at its end, or several in a row. The value of a named key becomes a string of
// `*`, whatever it was; what the cut left of one is masked to the end. `not_json`: something stands outside
// of strings that JSON does not know (comments, bare words, other quotes), so that keys cannot be told from
// values.
JsonOutcome mask_json(MutableBytes text, const NameSet& names);

// Keys in any text that has `"key": value` somewhere, also with escaped quotes (JSON inside a JSON string,
// JSONP, server sent events). `not_json`: a named key is followed by an object or array, whose end cannot be
// told here.
JsonOutcome mask_quoted_keys(MutableBytes text, const NameSet& names);

// Both readers for a text that is shown whatever it is: where it is no JSON by itself, an object or array
// under a named key is masked to the text's end.
bool mask_keys_in_text(MutableBytes text, const NameSet& names);

// The same for a text in which characters may be percent-encoded, as JSON in a URL's query is. It is decoded
// into `room`; what finds no room there is masked.
bool mask_encoded_keys(MutableBytes text, MutableBytes room, const NameSet& names);

}  // namespace spanlight
