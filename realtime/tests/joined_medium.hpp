#pragma once

#include "broker_stage.hpp"
#include "joined_brokers.hpp"

#include <memory>
#include <vector>

namespace infra::realtime {

class joined_medium final : public broker_medium {
public:
    std::shared_ptr<broker> node(std::size_t) override {
        nodes_.push_back(between_.node());
        return nodes_.back();
    }
    void cut(std::size_t n) override { between_.cut(*nodes_[n]); }
    void mend(std::size_t n) override { between_.mend(*nodes_[n]); }
    void forget_all() override { between_.forget_all(); }

private:
    joined_brokers between_;
    std::vector<std::shared_ptr<broker>> nodes_;
};

} // namespace infra::realtime
