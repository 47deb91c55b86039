#include "src/websocket/deflate.hpp"
#include "trial.hpp"

#include <algorithm>
#include <random>

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr std::size_t data_size = 128 * 1024;

// The suite's files are of these kinds.

std::string prose() {
    static constexpr std::string_view words[] = {"Habe",
                                                 "nun",
                                                 "ach",
                                                 "Philosophie",
                                                 "und",
                                                 "leider",
                                                 "auch",
                                                 "durchaus",
                                                 "studiert",
                                                 "mit",
                                                 "hei\xc3\x9f"
                                                 "em",
                                                 "Bem\xc3\xbchn",
                                                 "Da",
                                                 "steh"};
    std::mt19937 random(1);
    std::string made;
    while (made.size() < data_size)
        made.append(words[random() % std::size(words)]).append(random() % 9 == 0 ? ",\r\n" : " ");
    return made;
}

std::string picture() {
    std::mt19937 random(2);
    std::string made;
    for (unsigned i = 0; i < data_size; ++i)
        made += static_cast<char>((i / 512 + i % 512) / 4 + random() % 6);
    return made;
}

std::string packed() {
    std::mt19937 random(3);
    std::string made(data_size, '\0');
    std::ranges::generate(made, [&] { return static_cast<char>(random()); });
    return made;
}

std::string json_data() {
    std::mt19937 random(4);
    std::string made = "[";
    while (made.size() < data_size)
        made += "{\"id\":" + std::to_string(random() % 100'000) + ",\"name\":\"guest " +
                std::to_string(random() % 500) + "\",\"tags\":[\"a\",\"b\"]},\n";
    return made;
}

std::string html_data() {
    std::mt19937 random(5);
    std::string made = "<!DOCTYPE html>\n";
    while (made.size() < data_size)
        made += "<li class=\"item\"><a href=\"/page/" + std::to_string(random() % 1000) + "\">Page</a></li>\n";
    return made;
}

/// Each message another part of `data`, which is gone round.
std::string part_of(const std::string& data, std::size_t& at, std::size_t size) {
    std::string part;
    while (part.size() < size) {
        const auto piece = std::min(size - part.size(), data.size() - at);
        part.append(data, at, piece);
        at = (at + piece) % data.size();
    }
    return part;
}

std::string deflated_frames(opcode what, const std::string& message, std::size_t fragment) {
    const auto payload = deflate_message(message);
    const auto size = fragment ? fragment : payload.size();
    std::string frames;
    for (std::size_t at = 0; at < payload.size(); at += size)
        frames += from_client(at == 0 ? what : opcode::continuation, std::string_view(payload).substr(at, size),
                              {.last = at + size >= payload.size(), .deflated = at == 0});
    return frames;
}

/// The suite sends 1 000 messages in each case; here there are 256 KiB of them, and no more than 100.
script exchange(opcode what, const std::string& data, std::size_t size, std::size_t fragment) {
    const auto count = std::clamp<std::size_t>(256 * 1024 / size, 2, 100);
    const std::string name = what == opcode::text ? "text " : "binary ";
    script s{.ends = {1000}};
    for (std::size_t i = 1, at = 0; i <= count; ++i) {
        const auto message = part_of(data, at, size);
        s.steps.push_back({deflated_frames(what, message, fragment), one_go, i});
        s.heard.push_back(shortened(name + message));
    }
    s.steps.push_back({close_of(1000)});
    return s;
}

void add_sizes(trials& to, const std::string& group, const std::string& about, const std::string& offer, opcode what,
               std::string (*make_data)()) {
    static constexpr struct {
        std::size_t message, fragment;
    } sizes[] = {{16, 0},      {64, 0},      {256, 0},      {1024, 0},      {4096, 0},      {8192, 0},
                 {16384, 0},   {32768, 0},   {65536, 0},    {131072, 0},    {8192, 256},    {16384, 256},
                 {32768, 256}, {65536, 256}, {131072, 256}, {131072, 1024}, {131072, 4096}, {131072, 32768}};
    unsigned number = 0;
    for (const auto& [message, fragment] : sizes)
        to.push_back({group + std::to_string(++number),
                      about + ", messages of " + std::to_string(message) +
                          (fragment ? " in fragments of " + std::to_string(fragment) : ""),
                      [=] { return exchange(what, make_data(), message, fragment); }, offer});
}

} // namespace

void add_compression(trials& to) {
    const std::string plain = "permessage-deflate; client_no_context_takeover; client_max_window_bits";
    add_sizes(to, "12.1.", "JSON", plain, opcode::text, &json_data);
    add_sizes(to, "12.2.", "a picture", plain, opcode::binary, &picture);
    add_sizes(to, "12.3.", "what is compressed already", plain, opcode::binary, &packed);
    add_sizes(to, "12.4.", "HTML", plain, opcode::text, &html_data);
    add_sizes(to, "12.5.", "prose", plain, opcode::binary, &prose);

    const std::string no_takeover = "; server_no_context_takeover", bits = "; server_max_window_bits=";
    const std::string offers[] = {plain,
                                  plain + no_takeover,
                                  plain + bits + "8",
                                  plain + bits + "15",
                                  plain + no_takeover + bits + "8",
                                  plain + no_takeover + bits + "15",
                                  plain + no_takeover + bits + "8, " + plain + no_takeover + ", " + plain};
    unsigned group = 0;
    for (const auto& offer : offers) {
        ++group;
        add_sizes(to, "13." + std::to_string(group) + ".",
                  group == 7 ? "three offers" : "offer" + offer.substr(plain.size()), offer, opcode::text, &json_data);
    }
}

} // namespace infra::realtime::websocket::autobahn
