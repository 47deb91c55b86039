#pragma once

/// Commands as data.
///
///     command get{"GET", "user:42"};
///     command set{"SET", "user:42", body, "PX", 60'000};
///     command del("DEL");
///     for (const auto& key : keys) del.add(key);
///
///     batch all;
///     all.add({"INCR", "visits"}).add({"EXPIRE", "visits", 3600});
///
/// Every word may hold any bytes. A command is kept in the form in which it travels, so that sending it is one copy.

#include <infra/redis/script.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis {

/// What may be done with a command that was sent when its connection is lost before the answer.
///
/// | class      | sent again                                                    | such as |
/// |---|---|---|
/// | read       | yes: it changes nothing                                       | GET, MGET, ZRANGE, EXISTS |
/// | idempotent | yes: twice leaves what once leaves; the reply is the second's | SET, DEL, HSET, SADD, PEXPIREAT |
/// | never      | no: errc::lost, "it may have been executed"                   | INCR, SET … NX, EVALSHA, unknown |
enum class replay : std::uint8_t { read, idempotent, never };

/// A word of a command: text, or a number in decimal. A view: lives as long as the call it is passed to.
class word {
public:
    word(std::string_view text) noexcept : text_(text.data()), size_(text.size()) {}
    word(const std::string& text) noexcept : word(std::string_view(text)) {}
    word(const char* text) noexcept : word(std::string_view(text)) {}
    template <std::integral I>
        requires(!std::same_as<I, bool> && !std::same_as<I, char>)
    word(I number) noexcept {
        if constexpr (std::is_signed_v<I>)
            write(static_cast<std::int64_t>(number));
        else
            write(static_cast<std::uint64_t>(number));
    }
    word(double number) noexcept; ///< shortest form that reads back the same; `inf`, `-inf`
    word(bool) = delete;          ///< Redis has no words for truth: say 1 or 0, or a text
    word(const word&) = delete;
    word& operator=(const word&) = delete;

    std::string_view view() const noexcept { return {text_ ? text_ : digits_, size_}; }

private:
    void write(std::int64_t number) noexcept;
    void write(std::uint64_t number) noexcept;

    const char* text_ = nullptr; // null: the digits
    std::size_t size_ = 0;
    char digits_[32];
};

/// Threads:  a value.
/// Errors:   infra::error, errc::invalid_input, for no words at all, an empty name or a word beyond 512 MiB, which no
///           server takes.
class command {
public:
    command(std::initializer_list<word> words);
    explicit command(std::string_view name) : command({word(name)}) {}

    command& add(const word& w);
    template <class Range>
    command& add_all(const Range& words) {
        for (const auto& each : words)
            add(each);
        return *this;
    }

    /// Overrules what is known of the command's name.
    command& again(replay r) noexcept {
        replay_ = r;
        return *this;
    }

    std::string_view name() const noexcept;
    std::size_t size() const noexcept { return count_; } ///< words, the name included
    std::vector<std::string_view> words() const;

    /// Bytes on the wire.
    std::size_t encoded_size() const noexcept;
    void encode_to(std::string& out) const;

    std::optional<replay> declared_replay() const noexcept { return replay_; }

    /// Set on commands made by script::call.
    const detail::script_text* source() const noexcept { return script_.get(); }

private:
    friend class script;
    std::string body_; // all words as bulk strings
    std::uint32_t count_ = 0;
    std::optional<replay> replay_;
    std::shared_ptr<const detail::script_text> script_;
};

/// Commands that are sent together, in order, with nothing of others between them. Not a transaction: see
/// client::transaction.
class batch {
public:
    batch() = default;
    batch(std::initializer_list<command> commands) : commands_(commands) {}

    batch& add(command c) {
        commands_.push_back(std::move(c));
        return *this;
    }

    /// For each command of the batch.
    batch& again(replay r) noexcept {
        for (auto& each : commands_)
            each.again(r);
        return *this;
    }

    std::size_t size() const noexcept { return commands_.size(); }
    bool empty() const noexcept { return commands_.empty(); }
    std::span<const command> commands() const noexcept { return commands_; }

private:
    std::vector<command> commands_;
};

} // namespace infra::redis
