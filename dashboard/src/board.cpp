#include "board.hpp"

#include "board_state.hpp"

#include <stdexcept>

namespace infra::dashboard {

void board::page(std::string name) { state()->add_page(std::move(name)); }

void board::add_show(std::string_view pattern, handler answer) { state()->add_show(pattern, std::move(answer)); }

void board::act(http::method how, std::string_view pattern, std::string what, action answer) {
    state()->add_act(how, pattern, std::move(what), std::move(answer));
}

void board::act(http::method how, std::string_view pattern, std::string what, streamed_action answer) {
    state()->add_act(how, pattern, std::move(what), std::move(answer));
}

void board::live(std::string topic, std::function<awaitable<json::value>()> value) {
    live(std::move(topic), [value = std::move(value)](const http::request&) { return value(); });
}

void board::live(std::string topic, part_of_live value) { state()->stream().add(std::move(topic), std::move(value)); }

void board::live_pieces(std::string topic, more_pieces more) {
    state()->stream().add_pieces(std::move(topic), std::move(more));
}

void board::figures(std::function<awaitable<std::vector<figure>>()> of) {
    figures([of = std::move(of)](std::chrono::minutes) { return of(); });
}

void board::figures(std::function<awaitable<std::vector<figure>>(std::chrono::minutes)> of) {
    state()->figures.push_back(std::move(of));
}

void board::concerns(std::function<awaitable<std::vector<concern>>()> of) {
    state()->concerns.push_back(std::move(of));
}

void board::slowest(std::function<awaitable<json::array>(std::size_t)> of) { state()->slowest = std::move(of); }

void board::tell(news what) const noexcept {
    if (const auto there = state_.lock())
        there->told().tell(std::move(what));
}

void board::keeps(std::string name, std::function<reach()> how_far) {
    state()->reaches.emplace_back(std::move(name), std::move(how_far));
}

void board::background(std::string name, std::function<awaitable<void>()> work) {
    state()->works.push_back({std::move(name), std::move(work)});
}

std::shared_ptr<board_state> board::state() const {
    auto there = state_.lock();
    if (!there)
        throw std::logic_error("dashboard: the board has ended");
    return there;
}

} // namespace infra::dashboard
