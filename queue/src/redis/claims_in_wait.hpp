#pragma once

// Claims: asked for, under way, or waiting for work to come, in the order in which they came.

#include "../completion.hpp"

#include <infra/queue/backend.hpp>

#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

class claim_operation final : public completion {
public:
    claim_operation(const executor& ex, claim_request request) : completion(ex), asked(std::move(request)) {}

    bool is_for(std::string_view queue) const noexcept;

    claim_request asked;
    claim_result found{};

    // Of the loop of the line:
    bool withdrawn = false;       ///< its caller wants no more than what it takes by now
    bool look_again = false;      ///< something came while it was being asked for
    std::set<std::string> rung{}; ///< queues in which there was something for it, for which it has not been asked since
    std::set<std::string> looked_for{}; ///< those for which it is being asked
};
using shared_claim = std::shared_ptr<claim_operation>;

class claims_in_wait {
public:
    void add(shared_claim c) { all_.push_back(std::move(c)); }
    /// False if it does not wait here.
    bool remove(const shared_claim& c);

    /// Those that have waited longest for something of a queue, until they may take so many jobs.
    std::vector<shared_claim> take_for(std::string_view queue, std::size_t jobs);
    /// Those for which it is news that something of a queue is due then.
    std::vector<shared_claim> take_unaware(std::string_view queue, wall_time due);
    std::vector<shared_claim> take_all();

    bool wait_for(std::string_view queue) const noexcept;
    std::vector<std::string> queues() const;
    bool empty() const noexcept { return all_.empty(); }

private:
    template <class Fits>
    std::vector<shared_claim> take_if(Fits fits);

    std::list<shared_claim> all_;
};

} // namespace infra::queue::redis_backend
