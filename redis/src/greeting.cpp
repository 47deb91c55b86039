#include "greeting.hpp"

#include <algorithm>
#include <initializer_list>

namespace infra::redis::detail {
namespace {

constexpr std::size_t shown = 200; // of the server's words

// Before Redis 6 there is no HELLO; some proxies know it and refuse version 3.
bool knows_no_version_3(const reply& r) {
    return r.error_code() == "NOPROTO" || r.error_message().starts_with("ERR unknown command") ||
           r.error_message().starts_with("ERR unsupported command");
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
    return std::ranges::find(codes, code) != codes.end();
}

// An error that concerns the name alone, or a server that knows no names: nobody needs it. Nor the right to ask for a role
// of whoever told it with his greeting. That a PING is answered says
// that we are let in, whatever the answer is, unless it is that we are not.
bool may_be_ignored(const command& c, const reply& r) {
    return c.name() == "CLIENT" || c.name() == "ROLE" ||
           (c.name() == "PING" && !is_one_of(r.error_code(), {"NOAUTH", "NOPERM", "WRONGPASS"}));
}

} // namespace

// A server, or a proxy before it, may repeat what it does not understand, and not all of it.
std::string fit_to_show(std::string words, std::string_view secret) {
    words = words.substr(0, words.find(", with args beginning with"));
    for (auto at = words.find(secret); !secret.empty() && at != words.npos; at = words.find(secret, at))
        words.replace(at, secret.size(), "…");
    return words.substr(0, shown);
}

greeting::greeting(const options& o) : options_(o) {
    if (o.protocol == 3)
        speak_version_3();
    else
        speak_version_2();
}

void greeting::speak_version_3() {
    version_3_ = true;
    command hello{"HELLO", 3};
    if (!options_.password.empty())
        hello.add("AUTH").add(options_.username.empty() ? "default" : options_.username).add(options_.password);
    if (!options_.client_name.empty())
        hello.add("SETNAME").add(options_.client_name);
    words_ = {hello};
    add_select();
    ask_for_role();
}

void greeting::speak_version_2() {
    version_3_ = false;
    words_.clear();
    if (!options_.password.empty()) {
        command auth("AUTH");
        if (!options_.username.empty())
            auth.add(options_.username);
        words_.push_back(auth.add(options_.password));
    }
    if (!options_.client_name.empty())
        words_.push_back({"CLIENT", "SETNAME", options_.client_name});
    add_select();
    ask_for_role();
    words_.push_back({"PING"}); // tells whether a password is wanted, where nothing else does
}

void greeting::add_select() {
    if (options_.database != 0)
        words_.push_back({"SELECT", options_.database});
}

// Behind sentinels it matters, and only ROLE is what they go by.
void greeting::ask_for_role() {
    if (options_.sentinel)
        words_.push_back({"ROLE"});
}

void greeting::hear(std::span<const reply> answers) {
    if (version_3_)
        hear_version_3(answers);
    else
        hear_version_2(answers);
}

void greeting::hear_version_3(std::span<const reply> answers) {
    if (knows_no_version_3(answers.front()))
        return speak_version_2();
    if (const auto* const problem = refusal_among(answers))
        return refuse(*problem);
    learn(answers.front());
    learn_role(answers);
    phase_ = step::ready;
}

void greeting::hear_version_2(std::span<const reply> answers) {
    if (const auto* const problem = refusal_among(answers))
        return refuse(*problem);
    facts_.protocol = 2;
    learn_role(answers);
    phase_ = step::ready;
}

const reply* greeting::refusal_among(std::span<const reply> answers) const {
    for (std::size_t i = 0; i < answers.size(); ++i)
        if (answers[i].is_error() && !may_be_ignored(words_[i], answers[i]))
            return &answers[i];
    return nullptr;
}

void greeting::refuse(const reply& r) {
    phase_ = is_one_of(r.error_code(), {"LOADING", "BUSY", "MASTERDOWN"}) ? step::not_yet : step::refused;
    why_ = fit_to_show(std::string(r.error_message()), options_.password);
    if (r.error_code() == "NOAUTH")
        why_ += "; give a password in the URL";
}

// A map; what is not as expected is not needed either.
void greeting::learn(const reply& hello) {
    facts_.protocol = 3;
    if (hello.type() != reply::kind::map)
        return;
    const auto& items = hello.items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        if (items[i].type() != reply::kind::text || items[i + 1].type() != reply::kind::text)
            continue;
        if (items[i].as_text() == "version")
            facts_.version = items[i + 1].as_text();
        else if (items[i].as_text() == "role")
            facts_.role = items[i + 1].as_text();
    }
}

// [role, …]; a replica says "slave" here and "replica" in its greeting.
void greeting::learn_role(std::span<const reply> answers) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto& r = answers[i];
        const bool told = words_[i].name() == "ROLE" && r.type() == reply::kind::array && !r.items().empty() &&
                          r.items().front().type() == reply::kind::text;
        if (told)
            facts_.role = r.items().front().as_text() == "slave" ? "replica" : r.items().front().as_text();
    }
}

} // namespace infra::redis::detail
