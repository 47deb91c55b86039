#pragma once

/// A cluster of a test's own.

#include "tests/identity.hpp"
#include "tests/support.hpp"

#include <memory>
#include <string>
#include <vector>

namespace infra::redis {

class nodes {
public:
    /// Three masters with a third of the slots each, and, where wanted, a replica of each. Returns once all agree.
    /// `tls`: all of it speaks TLS, except for the tests' own questions.
    explicit nodes(test_loop& loop, bool with_replicas = false, std::vector<std::string> more = {},
                   const identity* tls = nullptr);

    options to() const; ///< one of them as the seed
    std::string url() const;

    std::size_t size() const noexcept { return servers_.size(); }
    server& node(std::size_t i) { return *servers_[i]; }
    reply ask(std::size_t i, command c); ///< over its socket; throws what it says

    /// The master that has this slot in the eyes of node `asked`.
    std::size_t owner(std::uint16_t slot, std::size_t asked = 0);

    // --- A slot on its way ---
    void begin_to_move(std::uint16_t slot, std::size_t from, std::size_t to);
    void move_keys(std::uint16_t slot, std::size_t from, std::size_t to);
    void end_moving(std::uint16_t slot, std::size_t from, std::size_t to);
    void move(std::uint16_t slot, std::size_t from, std::size_t to) {
        begin_to_move(slot, from, to);
        move_keys(slot, from, to);
        end_moving(slot, from, to);
    }

    /// Makes of replica `i` a master without slots that the first three know.
    void make_empty_master(std::size_t i);

private:
    void share_slots();
    void until_all_have_met();
    bool all_have_met();
    void replicate();
    bool all_are_well();
    const std::string& id(std::size_t i);

    test_loop& loop_;
    std::vector<std::unique_ptr<server>> servers_;
    std::vector<std::uint16_t> buses_;
    std::vector<std::uint16_t> ports_; ///< where clients are taken
    const identity* const tls_;
    std::vector<std::string> ids_;
    std::vector<std::unique_ptr<client>> direct_;
};

} // namespace infra::redis
