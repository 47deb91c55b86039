#include "near_reads.hpp"

#include "commands.hpp"

namespace infra::cache::redis_backend {
namespace {

using values = std::vector<std::optional<std::string>>;

/// Keys, and where their values belong.
struct missing_values {
    std::vector<std::string> keys{};
    std::vector<std::size_t> places{};
};

missing_values fill_from(near_cache& near, std::vector<std::string> keys, values& found) {
    missing_values missing;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        std::string copy;
        if (near.get(keys[i], copy)) {
            found[i] = std::move(copy);
        } else {
            missing.keys.push_back(std::move(keys[i]));
            missing.places.push_back(i);
        }
    }
    return missing;
}

} // namespace

std::vector<near_cache::ticket> tickets_for(near_cache* near, const std::vector<std::string>& keys) {
    std::vector<near_cache::ticket> tickets;
    if (near)
        for (const auto& each : keys)
            tickets.push_back(near->ask(each));
    return tickets;
}

awaitable<values> read_through(std::shared_ptr<line> to, std::shared_ptr<near_cache> near,
                               std::vector<std::string> keys) {
    values found(keys.size());
    const auto missing = fill_from(*near, std::move(keys), found);
    if (missing.keys.empty())
        co_return found;
    const auto tickets = tickets_for(near.get(), missing.keys);
    auto answers = co_await line::ask(std::move(to), get_with_times(missing.keys), purpose::read);
    if (!answers)
        co_return found;
    auto read = std::move((*answers).front()).take_items();
    for (std::size_t i = 0; i < missing.keys.size(); ++i) {
        const auto left = time_left_in((*answers)[i + 1]);
        auto& value = found[missing.places[i]] = text_in(std::move(read.at(i)));
        if (value && left)
            near->keep(tickets[i], missing.keys[i], *value, *left);
    }
    co_return found;
}

} // namespace infra::cache::redis_backend
