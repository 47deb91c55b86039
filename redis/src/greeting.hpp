#pragma once

// What is said first on a connection, and what the answers mean. No I/O.

#include <infra/redis/command.hpp>
#include <infra/redis/options.hpp>
#include <infra/redis/reply.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

/// What a server tells of itself.
struct server_facts {
    int protocol = 2;
    std::string version{}; ///< "7.0.15"; empty where it was not told
    std::string role{};    ///< "master", "replica", …; empty likewise
};

/// The server's words without this, and no more of them than one wants to read.
std::string fit_to_show(std::string words, std::string_view secret);

///     greeting g(options);
///     while (g.phase() == greeting::step::speak) g.hear(answers_to(g.words()));
///     g.phase() == greeting::step::ready ? use(g.facts()) : fail(g.why());
class greeting {
public:
    enum class step : std::uint8_t {
        speak,
        ready,
        refused,
        not_yet, ///< it is loading, or busy: what passes by itself
    };

    explicit greeting(const options& o);

    step phase() const noexcept { return phase_; }

    /// Sent together; each has one reply.
    const std::vector<command>& words() const noexcept { return words_; }
    void hear(std::span<const reply> answers);

    const server_facts& facts() const noexcept { return facts_; }

    /// The server's words; no password is among them.
    const std::string& why() const noexcept { return why_; }

private:
    void speak_version_3();
    void speak_version_2();
    void add_select();
    void ask_for_role();
    void hear_version_3(std::span<const reply> answers);
    void hear_version_2(std::span<const reply> answers);
    void refuse(const reply& r);
    const reply* refusal_among(std::span<const reply> answers) const;
    void learn(const reply& hello);
    void learn_role(std::span<const reply> answers);

    const options& options_;
    step phase_ = step::speak;
    bool version_3_ = false;
    std::vector<command> words_;
    server_facts facts_;
    std::string why_;
};

} // namespace infra::redis::detail
