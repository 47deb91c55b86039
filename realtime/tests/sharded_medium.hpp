#pragma once

#include "broker_stage.hpp"

#include <infra/realtime/sharded.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace infra::realtime {

/// Three media, of which each node is a shard of everything.
class sharded_medium final : public broker_medium {
public:
    static constexpr std::size_t shards = 3;

    template <class Make>
    explicit sharded_medium(Make make) {
        for (std::size_t shard = 0; shard < shards; ++shard)
            between_.push_back(make());
    }

    std::shared_ptr<broker> node(std::size_t n) override {
        std::vector<std::shared_ptr<broker>> all;
        for (const auto& each : between_)
            all.push_back(each->node(n));
        nodes_.push_back(all);
        return make_sharded_broker(std::move(all));
    }
    void cut(std::size_t n) override {
        for (const auto& each : between_)
            each->cut(n);
    }
    void cut(std::size_t n, std::size_t shard) { between_[shard]->cut(n); }
    void mend(std::size_t n) override {
        for (const auto& each : between_)
            each->mend(n);
    }
    void mend(std::size_t n, std::size_t shard) { between_[shard]->mend(n); }
    bool has_noticed(std::size_t n, const broker&) const override {
        return std::ranges::none_of(nodes_[n], [](const auto& each) { return each->is_up(); });
    }
    void forget_all() override {
        for (const auto& each : between_)
            each->forget_all();
    }

    /// The `nth` channel of this beginning that is on this shard.
    static std::string channel_on(std::size_t shard, const std::string& beginning = "c", std::size_t nth = 0) {
        for (int i = 0;; ++i)
            if (auto name = beginning + std::to_string(i); shard_of(name, shards) == shard && nth-- == 0)
                return name;
    }

private:
    std::vector<std::unique_ptr<broker_medium>> between_;
    std::vector<std::vector<std::shared_ptr<broker>>> nodes_;
};

} // namespace infra::realtime
