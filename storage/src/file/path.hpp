#pragma once

/// Where the object of a key lies: pure text, the same in every process.
///
///     path_of("avatars/user-123.jpg", names::exact)   // "avatars/user-123.jpg"
///     path_of("a", names::exact)                      // "a%"
///     path_of("a/b", names::exact)                    // "a/b%"
///
/// What a name says by itself: without a '.' it is a directory, with one an object; a '%' at its end turns that round, so that the objects
/// `a` and `a/b` can both be there. "%%" at its end: the segment was longer than a name may be and goes on in that directory. Elsewhere '%'
/// begins an escape, "%25". Nothing begins with a '.', so what does is nobody's object.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::disk {

/// Which names a file system tells apart.
enum class names : std::uint8_t {
    exact,  ///< all that differ in a byte
    folded, ///< not those that differ in case, or that Unicode's normalisation makes the same: neither is used then
};

enum class name_kind : std::uint8_t { object, directory, continued };

/// The names, one inside the other, of one segment of a key; the last is of `kind`, the others are continued.
std::vector<std::string> names_of(std::string_view segment, name_kind kind, names apart);

/// The object's file, relative to the root.
std::string path_of(std::string_view key, names apart);

/// The directory of all keys that begin so: empty for the root, otherwise a beginning that ends in '/'.
std::string directory_of(std::string_view beginning, names apart);

struct decoded_name {
    name_kind kind = name_kind::object;
    std::string text{}; ///< of the segment, or its part

    friend bool operator==(const decoded_name&, const decoded_name&) = default;
};

/// What a name in a directory stands for; empty for what is none of ours. It may still be one that names_of() would not give for that
/// text.
std::optional<decoded_name> decode_name(std::string_view name);

/// The key whose object is there; empty where no key's is.
std::optional<std::string> key_of(std::string_view path, names apart);

} // namespace infra::storage::disk
