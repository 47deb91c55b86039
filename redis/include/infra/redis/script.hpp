#pragma once

/// A Lua script that the server keeps.
///
///     static const redis::script take(R"(
///         local id = redis.call('RPOP', KEYS[1])
///         if id then redis.call('HSET', KEYS[2] .. id, 'at', ARGV[1]) end
///         return id)");
///     auto id = co_await redis.execute<std::optional<std::string>>(take.call({"wait", "job:"}, {now}));
///
/// It travels by its SHA-1 alone (EVALSHA). A server that does not know it, since it was restarted, failed over or told
/// to forget, says NOSCRIPT, and the script is sent in full once (EVAL). In a batch its first call always travels in
/// full, since what follows it must not be done before it.

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace infra::redis {

class command;
class word;

namespace detail {
struct script_text {
    std::string text;
    std::string sha1; ///< 40 digits
};
} // namespace detail

/// Threads:  a value; const members from any thread.
class script {
public:
    explicit script(std::string text);

    /// The call as a command. It is never sent again after a lost connection, unless command::again says otherwise.
    command call(std::initializer_list<word> keys, std::initializer_list<word> arguments = {}) const;
    command call(std::span<const std::string> keys, std::span<const std::string> arguments) const;

    const std::string& text() const noexcept { return text_->text; }
    const std::string& sha1() const noexcept { return text_->sha1; }

private:
    template <class Keys, class Arguments>
    command make_call(const Keys& keys, const Arguments& arguments) const;

    std::shared_ptr<const detail::script_text> text_; // shared with the calls
};

} // namespace infra::redis
