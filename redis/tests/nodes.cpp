#include "tests/nodes.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::redis {

nodes::nodes(test_loop& loop, bool with_replicas, std::vector<std::string> more, const identity* tls)
    : loop_(loop), tls_(tls) {
    for (int i = 0; i < (with_replicas ? 6 : 3); ++i) {
        buses_.push_back(free_port());
        std::vector<std::string> words{"--cluster-enabled",
                                       "yes",
                                       "--cluster-port",
                                       std::to_string(buses_.back()),
                                       "--cluster-node-timeout",
                                       "1000",
                                       "--cluster-replica-validity-factor",
                                       "0",
                                       "--repl-diskless-sync-delay",
                                       "0"};
        words.insert(words.end(), more.begin(), more.end());
        if (tls_) {
            ports_.push_back(free_port());
            const auto all = tls_->words_of_a_server(ports_.back());
            words.insert(words.end(), all.begin(), all.end());
            words.insert(words.end(), {"--tls-cluster", "yes", "--tls-replication", "yes"});
        }
        servers_.push_back(std::make_unique<server>(words));
        if (!tls_)
            ports_.push_back(servers_.back()->port());
        direct_.push_back(std::make_unique<client>(std::vector{loop_.get_executor()}, servers_.back()->over_socket()));
        ids_.push_back(ask(servers_.size() - 1, {"CLUSTER", "MYID"}).as_text());
    }
    share_slots();
    until_all_have_met();
    if (with_replicas)
        replicate();
    loop_.until([&] { return all_are_well(); });
}

options nodes::to() const {
    options made{.cluster = cluster_options{.seeds = {{.host = "127.0.0.1", .port = ports_.front()}}}};
    if (tls_)
        made.tls = tls_options{.ca_file = tls_->certificate()};
    return made;
}

std::string nodes::url() const {
    const auto at = "://127.0.0.1:" + std::to_string(ports_.front());
    return tls_ ? "rediss+cluster" + at + "?ca_file=" + tls_->certificate() : "redis+cluster" + at;
}

reply nodes::ask(std::size_t i, command c) {
    auto r = loop_.get(direct_[i]->execute(std::move(c), deadline::after(10s)));
    throw_if_error(r);
    return r;
}

const std::string& nodes::id(std::size_t i) { return ids_[i]; }

void nodes::share_slots() {
    const std::pair<int, int> thirds[] = {{0, 5460}, {5461, 10922}, {10923, 16383}};
    for (std::size_t i = 0; i < 3; ++i)
        ask(i, {"CLUSTER", "ADDSLOTSRANGE", thirds[i].first, thirds[i].second});
    for (std::size_t i = 0; i < size(); ++i)
        ask(i, {"CLUSTER", "SET-CONFIG-EPOCH", i + 1});
}

// Redis gives up a handshake that takes longer than a node's timeout, as on a busy machine, and does not begin it again.
void nodes::until_all_have_met() {
    const stopwatch since(loop_.get_executor());
    auto next = 0ms;
    loop_.until([&] {
        if (since.elapsed() >= next) {
            for (std::size_t i = 1; i < size(); ++i)
                ask(0, {"CLUSTER", "MEET", "127.0.0.1", ports_[i], buses_[i]});
            next = since.elapsed() + 3s;
        }
        return all_have_met();
    });
}

bool nodes::all_have_met() {
    for (std::size_t i = 0; i < size(); ++i) {
        const auto known = ask(i, {"CLUSTER", "NODES"}).as_text();
        for (const auto& each : ids_)
            if (known.find(each) == std::string::npos)
                return false;
    }
    return true;
}

void nodes::replicate() {
    for (std::size_t i = 3; i < 6; ++i)
        loop_.until([&] {
            const auto r = loop_.get(direct_[i]->execute({"CLUSTER", "REPLICATE", id(i - 3)}));
            return !r.is_error(); // it has not heard of it yet
        });
}

void nodes::make_empty_master(std::size_t i) {
    ask(i, {"CLUSTER", "RESET", "SOFT"});
    ask(0, {"CLUSTER", "MEET", "127.0.0.1", ports_[i], buses_[i]});
    const auto is_master_for = [&](std::size_t asked) {
        const auto all = ask(asked, {"CLUSTER", "NODES"}).as_text();
        const auto line = all.substr(std::min(all.find(id(i)), all.size()));
        return line.substr(0, line.find('\n')).find(" master - ") != std::string::npos;
    };
    for (std::size_t asked = 0; asked < 3; ++asked)
        loop_.until([&] { return is_master_for(asked); });
    loop_.until([&] { return ask(i, {"CLUSTER", "INFO"}).as_text().find("cluster_state:ok") != std::string::npos; });
}

bool nodes::all_are_well() {
    for (std::size_t i = 0; i < size(); ++i) {
        const auto info = ask(i, {"CLUSTER", "INFO"}).as_text();
        const auto known = "cluster_known_nodes:" + std::to_string(size());
        for (const auto& each : {std::string("cluster_state:ok"), std::string("cluster_slots_assigned:16384"), known})
            if (info.find(each) == std::string::npos)
                return false;
        if (i >= 3 && ask(i, {"INFO", "replication"}).as_text().find("master_link_status:up") == std::string::npos)
            return false;
        // All replicas are known to all: one that is not cannot be elected.
        const auto map = ask(i, {"CLUSTER", "SLOTS"});
        for (const auto& each : map.items())
            if (each.items().size() != (size() == 6 ? 4u : 3u))
                return false;
    }
    return true;
}

std::size_t nodes::owner(std::uint16_t slot, std::size_t asked) {
    const auto map = ask(asked, {"CLUSTER", "SLOTS"});
    for (const auto& each : map.items()) {
        const auto& range = each.items();
        if (slot < range[0].as_integer() || slot > range[1].as_integer())
            continue;
        for (std::size_t i = 0; i < size(); ++i)
            if (range[2].items()[1].as_integer() == servers_[i]->port())
                return i;
    }
    throw std::runtime_error("nobody has the slot");
}

void nodes::begin_to_move(std::uint16_t slot, std::size_t from, std::size_t to) {
    ask(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", id(from)});
    ask(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", id(to)});
}

void nodes::move_keys(std::uint16_t slot, std::size_t from, std::size_t to) {
    while (true) {
        const auto keys = ask(from, {"CLUSTER", "GETKEYSINSLOT", slot, 10});
        if (keys.items().empty())
            return;
        command migrate{"MIGRATE", "127.0.0.1", ports_[to], "", 0, 5000, "KEYS"};
        for (const auto& each : keys.items())
            migrate.add(each.as_text());
        ask(from, migrate);
    }
}

void nodes::end_moving(std::uint16_t slot, std::size_t from, std::size_t to) {
    ask(to, {"CLUSTER", "SETSLOT", slot, "NODE", id(to)});
    ask(from, {"CLUSTER", "SETSLOT", slot, "NODE", id(to)});
    for (std::size_t i = 0; i < 3; ++i) // the third master too: it could tell `from` what was so before
        if (i != from && i != to)
            ask(i, {"CLUSTER", "SETSLOT", slot, "NODE", id(to)});
}

} // namespace infra::redis
