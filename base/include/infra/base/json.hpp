#pragma once

/// JSON to and from the program's own types.
///
///     struct item  { std::string sku; int count = 1; };
///     struct order { std::string id; std::vector<item> items; std::optional<std::string> note; };
///     BOOST_DESCRIBE_STRUCT(item, (), (sku, count))
///     BOOST_DESCRIBE_STRUCT(order, (), (id, items, note))
///
///     auto order_in = json::parse<order>(body);                // a result: the order, or what is wrong with it
///     if (!order_in) reply(422, to_string(order_in.error()));  // "/items/3/count: expected an integer, got a string"
///     auto text = json::to_text(*order_in);
///
/// | C++                                              | JSON                                                         |
/// |--------------------------------------------------|--------------------------------------------------------------|
/// | bool, integers, floating point                   | boolean, number; a non-finite number is written as null      |
/// | std::string (std::string_view, literals: to JSON)| string                                                       |
/// | enum with BOOST_DESCRIBE_ENUM                    | the enumerator's name                                        |
/// | struct with BOOST_DESCRIBE_STRUCT, with bases    | object; every member but an optional one is required         |
/// | std::optional                                    | null or the value; as a member, left out when empty          |
/// | vector, list, deque, set, array …                | array                                                        |
/// | map and unordered_map with std::string keys      | object                                                       |
/// | pair, tuple                                      | array of that length                                         |
/// | std::chrono::duration                            | number of milliseconds                                       |
/// | json::value, object, array                       | themselves                                                   |
///
/// Numbers: JSON knows no integers, so 3, 3.0 and 3e0 are all read as the integer 3; 3.5 or a number outside the type's
/// range is a failure, never a rounded value. From 2^53 on, where a number with a point or an exponent may have been
/// rounded already, only digits alone are read as an integer. `to_text` writes 3.0 as 3, as JavaScript does.
///
/// Durations: of a unit of a millisecond or more, whole ticks only (1500 is no number of seconds); of a finer one, the
/// nearest tick.
///
/// Threads:  functions without state.
/// Errors:   what comes from outside and may be wrong is a `result`; its value() throws json::invalid. Writing throws
///           std::invalid_argument only for an enum value that has no name.

#include <infra/base/error.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace infra::json {

using value = boost::json::value;
using object = boost::json::object;
using array = boost::json::array;

/// Where JSON does not fit and why. The problem says what was expected and which kind of value was there, and never
/// repeats the value: that may be a secret.
struct failure {
    std::string path;    ///< JSON Pointer (RFC 6901), `/items/3/price`; empty for the whole document
    std::string problem; ///< `expected a string, got a number`

    failure() = default;
    /// Written out because an aggregate could be made from a path alone, and a `result<std::string>` could then not tell
    /// its value from a failure.
    failure(std::string at, std::string what) : path(std::move(at)), problem(std::move(what)) {}

    friend bool operator==(const failure&, const failure&) = default;
};
BOOST_DESCRIBE_STRUCT(failure, (), (path, problem))

/// `/items/3/price: expected a string, got a number`, or the problem alone for the whole document.
std::string to_string(const failure& f);

/// What value() of a failed result throws; errc::invalid_input.
class invalid : public error {
public:
    explicit invalid(failure why);

    const failure& why() const noexcept { return why_; }

private:
    failure why_;
};

[[noreturn]] void throw_exception_from_error(const failure& why, const boost::source_location& where);

template <class T>
using result = boost::system::result<T, failure>;

/// What reading does about an object's members that the struct does not have.
enum class unknown_members {
    ignored, ///< so that the other side may grow first
    refused, ///< so that a misspelt option is noticed
};

/// What `parse` accepts at most.
struct limits {
    std::size_t max_bytes = 1024 * 1024; ///< of the whole text
    std::size_t max_depth = 32;          ///< arrays and objects inside each other
};

/// `from` as JSON.
template <class T>
value to_value(const T& from);

/// `from` as people are shown it, in a log line or a span: as to_value(), but that a member whose type has no JSON form and
/// converts to a field_value stands as that: a `logging::secret` as "[redacted]". Not to be stored or sent: it may not be
/// what it was made of. to_value() and to_text() refuse to compile where such a member is, at any depth.
template <class T>
value to_shown_value(const T& from);

/// `from` as one line of JSON text. Always valid JSON: of a string that is not UTF-8 each ill-formed part becomes
/// U+FFFD, so bytes are better sent through Base64.
template <class T>
std::string to_text(const T& from);

/// Reads a T; T has a default constructor. The first thing that does not fit is the failure.
template <class T>
result<T> from_value(const value& from, unknown_members unknown = unknown_members::ignored);

/// Reads JSON text (RFC 8259, UTF-8, no extensions). `parse(text)` gives the value itself. A text that is not JSON is a
/// failure at the path "" that names line and column (in bytes, from 1). Of a repeated member the last one counts.
template <class T = value>
result<T> parse(std::string_view text, limits limit = {}, unknown_members unknown = unknown_members::ignored);

} // namespace infra::json

#include <infra/base/detail/json.hpp>
