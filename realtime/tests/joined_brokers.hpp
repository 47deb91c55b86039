#pragma once

// Nodes of one process, joined without a server: for tests of what several hubs do together.
//
//     joined_brokers between;
//     hub one({.broker = between.node()}), two({.broker = between.node()});
//     between.cut(*two.options().broker);  …  between.mend(…);

#include <infra/realtime/broker.hpp>

#include <memory>

namespace infra::realtime {

/// Threads: any.
class joined_brokers {
public:
    joined_brokers();
    ~joined_brokers();

    std::shared_ptr<broker> node();
    void cut(broker& which); ///< it has no link until mend()
    void mend(broker& which);
    void crash(broker& which); ///< cut, and taken for dead: its members leave
    void forget_all();         ///< history and places, as a server that was emptied

    struct state;

private:
    std::shared_ptr<state> state_;
};

} // namespace infra::realtime
