// Which share of requests the policy answers, beside LRU with the same budget: a Zipf(0.99) trace, the same with a scan through
// keys that never return between, and one whose popular keys change.
//
//     cache_policy_bench [--json FILE]

#include "../src/s3_fifo.hpp"
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

namespace {

using namespace infra::cache;
using trace = std::vector<std::uint64_t>;

constexpr std::size_t keys = 1'000'000;
constexpr std::size_t requests = 5'000'000;
constexpr std::uint32_t cost = 200; // of one value; all alike, so that a budget is a number of values

class zipf {
public:
    zipf(std::size_t n, double exponent) : upto_(n) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i)
            upto_[i] = sum += 1 / std::pow(static_cast<double>(i + 1), exponent);
    }
    std::uint64_t operator()(std::mt19937_64& random) const {
        const auto lot = std::uniform_real_distribution<double>(0, upto_.back())(random);
        return static_cast<std::uint64_t>(std::ranges::lower_bound(upto_, lot) - upto_.begin());
    }

private:
    std::vector<double> upto_;
};

trace zipf_trace(const zipf& names) {
    std::mt19937_64 random(1);
    trace all(requests);
    std::ranges::generate(all, [&] { return names(random); });
    return all;
}

/// A quarter of the requests walks through keys that are never asked for again, in runs as long as the cache.
trace scanned_trace(const zipf& names, std::size_t run) {
    auto all = zipf_trace(names);
    std::uint64_t fresh = keys;
    for (std::size_t at = 0; at + run < all.size(); at += 4 * run)
        for (std::size_t i = 0; i < run; ++i)
            all[at + i] = fresh++;
    return all;
}

/// Each tenth of the trace has other popular keys.
trace churned_trace(const zipf& names) {
    auto all = zipf_trace(names);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] += i * 10 / all.size() * (keys / 100);
    return all;
}

double s3_fifo_hits(const trace& t, std::size_t values) {
    s3_fifo policy(values * cost);
    std::unordered_map<std::uint64_t, std::unique_ptr<s3_hook>> held;
    std::size_t hits = 0;
    for (const auto name : t) {
        const auto found = held.find(name);
        if (found != held.end()) {
            s3_fifo::touch(*found->second);
            ++hits;
            continue;
        }
        while (!policy.has_room_for(cost))
            held.erase(policy.evict()->fingerprint);
        auto fresh = std::make_unique<s3_hook>();
        fresh->fingerprint = name;
        fresh->cost = cost;
        policy.insert(*fresh);
        held.emplace(name, std::move(fresh));
    }
    return static_cast<double>(hits) / static_cast<double>(t.size());
}

double lru_hits(const trace& t, std::size_t values) {
    std::list<std::uint64_t> order;
    std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> held;
    std::size_t hits = 0;
    for (const auto name : t) {
        const auto found = held.find(name);
        if (found != held.end()) {
            order.splice(order.begin(), order, found->second);
            ++hits;
            continue;
        }
        if (held.size() == values) {
            held.erase(order.back());
            order.pop_back();
        }
        order.push_front(name);
        held.emplace(name, order.begin());
    }
    return static_cast<double>(hits) / static_cast<double>(t.size());
}

void compare(const std::string& name, const trace& t, std::size_t values, bench::report& to) {
    const auto ours = s3_fifo_hits(t, values);
    const auto lru = lru_hits(t, values);
    to.add("cache.policy." + name, ours, "hit rate", "LRU", lru, ours / lru);
}

} // namespace

int main(int argc, char** argv) {
    bench::report to(argc, argv);
    const zipf names(keys, 0.99);
    for (const std::size_t values : {1'000U, 10'000U, 100'000U}) {
        const auto of = "_" + std::to_string(values);
        compare("zipf" + of, zipf_trace(names), values, to);
        compare("scanned" + of, scanned_trace(names, values), values, to);
        compare("churned" + of, churned_trace(names), values, to);
    }
}
