#pragma once

#include "broker_stage.hpp"
#include "joined_brokers.hpp"

#include <infra/realtime/sharded.hpp>

#include <array>
#include <memory>
#include <vector>

namespace infra::realtime {

/// Each node of three shards.
class sharded_medium final : public broker_medium {
public:
    std::shared_ptr<broker> node(std::size_t) override {
        std::vector<std::shared_ptr<broker>> shards;
        for (auto& each : between_)
            shards.push_back(each.node());
        nodes_.push_back(shards);
        return make_sharded_broker(std::move(shards));
    }
    void cut(std::size_t n) override {
        for (std::size_t shard = 0; shard < between_.size(); ++shard)
            cut(n, shard);
    }
    void cut(std::size_t n, std::size_t shard) { between_[shard].cut(*nodes_[n][shard]); }
    void mend(std::size_t n) override {
        for (std::size_t shard = 0; shard < between_.size(); ++shard)
            mend(n, shard);
    }
    void mend(std::size_t n, std::size_t shard) { between_[shard].mend(*nodes_[n][shard]); }
    void forget_all() override {
        for (auto& each : between_)
            each.forget_all();
    }

private:
    std::array<joined_brokers, 3> between_;
    std::vector<std::vector<std::shared_ptr<broker>>> nodes_;
};

} // namespace infra::realtime
