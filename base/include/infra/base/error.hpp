#pragma once

/// What goes wrong, and how it is said.
///
///     throw infra::error(queue::errc::unavailable,
///                        "QUEUE_URL: cannot open var/queue.db: disk is full; free space or point QUEUE_URL elsewhere");
///
///     catch (const boost::system::system_error& e) {
///         if (e.code() == infra::errc::timed_out) retry_later();
///         log::error(e.what());                       // the sentence, nothing appended
///     }

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace infra {

/// What any part of the library may report. Modules add their own enumerations where a caller would branch on more.
enum class errc {
    timed_out = 1, ///< a deadline passed
    cancelled,     ///< the caller, or the end of the service, took the operation back
    closed,        ///< the object was stopped, or the peer went away
    overloaded,    ///< a bound was reached and the policy is to refuse
    invalid_input, ///< what the caller gave cannot be accepted, now or later
    invalid_state, ///< called too early, too late or on the wrong thread
    unavailable,   ///< something outside does not answer; it may later
    io,            ///< the operating system refused a file or socket
    misconfigured, ///< the environment or the options contradict themselves
};

/// The exception of this library: a code to branch on and a sentence to read. The sentence says what happened, to what,
/// and what to do; it never carries a secret.
class error : public boost::system::system_error {
public:
    error(boost::system::error_code code, std::string sentence);

    /// The sentence alone.
    const char* what() const noexcept override { return sentence_.c_str(); }

private:
    std::string sentence_;
};

/// The text of whatever was thrown, for logs and job records: what() of a std::exception, otherwise a constant.
std::string describe(std::exception_ptr thrown) noexcept;

/// The code of whatever was thrown: that of a system_error, of Boost or of std (filesystem_error is one), otherwise a code
/// that tests true and says "unknown".
boost::system::error_code code_of(std::exception_ptr thrown) noexcept;

/// A category whose messages stand in a table; `messages[0]` belongs to enumerator 1. A module writes
///
///     const boost::system::error_category& queue_category() {
///         static constexpr std::string_view messages[] = {"no such job", "the lease is lost"};
///         static const infra::table_category category("infra.queue", messages);
///         return category;
///     }
class table_category final : public boost::system::error_category {
public:
    constexpr table_category(const char* name, std::span<const std::string_view> messages) noexcept
        : name_(name), messages_(messages) {}

    const char* name() const noexcept override { return name_; }
    std::string message(int value) const override;

private:
    const char* name_;
    std::span<const std::string_view> messages_;
};

const boost::system::error_category& base_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), base_category()}; }

} // namespace infra

template <>
struct boost::system::is_error_code_enum<infra::errc> : std::true_type {};
