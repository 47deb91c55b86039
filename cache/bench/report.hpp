#pragma once

// A line for people and, if asked for, one for programs.

#include <infra/base/json.hpp>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

namespace infra::cache::bench {

class report {
public:
    report(int argc, char** argv) {
        for (int i = 1; i + 1 < argc; ++i)
            if (std::strcmp(argv[i], "--json") == 0)
                file_.open(argv[i + 1], std::ios::app);
        std::printf("%-44s %12s %12s  %s\n", "", "ours", "peer", "unit");
    }

    /// `ratio` above 1: ours is better.
    void add(const std::string& name, double ours, const std::string& unit, const std::string& peer = {},
             std::optional<double> peer_value = {}, std::optional<double> ratio = {}) {
        std::printf("%-44s %12.3f %12s  %s%s%s\n", name.c_str(), ours,
                    peer_value ? std::to_string(*peer_value).c_str() : "", unit.c_str(),
                    peer.empty() ? "" : ", peer: ", peer.c_str());
        std::fflush(stdout);
        if (file_.is_open())
            file_ << json::to_text(json::value{{"name", name},
                                               {"ours", ours},
                                               {"unit", unit},
                                               {"peer", json::to_value(peer)},
                                               {"peer_value", json::to_value(peer_value)},
                                               {"ratio", json::to_value(ratio)}})
                  << '\n';
    }

private:
    std::ofstream file_;
};

} // namespace infra::cache::bench
