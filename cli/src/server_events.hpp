#pragma once

#include "line_splitter.hpp"

namespace infra::cli {

struct server_event {
    std::string name; ///< empty: it has none
    std::string data;
};

/// Server-sent events out of the pieces of a stream: what a name and data stand in; comments and the rest are passed over.
class server_events {
public:
    void add(std::string_view piece) { lines_.add(piece); }

    std::optional<server_event> next() {
        while (auto line = lines_.next()) {
            if (line->ends_with('\r'))
                line->pop_back();
            if (line->empty()) {
                auto whole = std::exchange(coming_, {});
                if (!whole.data.empty())
                    return whole;
            } else if (line->starts_with("event: ")) {
                coming_.name = line->substr(7);
            } else if (line->starts_with("data: ")) {
                coming_.data.append(coming_.data.empty() ? "" : "\n").append(*line, 6);
            }
        }
        return std::nullopt;
    }

private:
    line_splitter lines_;
    server_event coming_;
};

} // namespace infra::cli
