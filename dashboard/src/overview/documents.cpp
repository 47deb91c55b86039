#include "documents.hpp"

#include <algorithm>
#include <cmath>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_concerns_in_all = 50;

json::value finite_number(const std::optional<double>& n) {
    return n && std::isfinite(*n) ? json::value(*n) : json::value();
}

template <class T>
void add_failures(std::vector<concern>& to, const std::vector<reply<T>>& answers) {
    for (const auto& each : answers)
        if (each.failure)
            to.push_back({.severity = level::error, .text = describe(each.failure), .link = "#/health"});
}

} // namespace

json::object document_of(const figure& f) {
    json::object document{{"name", f.name},
                          {"label", f.label},
                          {"value", finite_number(f.value)},
                          {"unit", f.unit},
                          {"limit", finite_number(f.limit)},
                          {"link", f.link}};
    if (!f.spark.empty())
        document["spark"] = json::array(f.spark.begin(), f.spark.end());
    return document;
}

json::object document_of(const concern& c) {
    json::value action;
    if (!c.action.empty())
        action = json::object{
            {"label", c.action}, {"method", c.action_method}, {"path", c.action_path}, {"body", c.action_body}};
    return {{"severity", to_string(c.severity)},
            {"text", c.text},
            {"link", c.link},
            {"count", c.count},
            {"since", c.since ? json::value(to_unix_ms(*c.since)) : json::value()},
            {"action", std::move(action)}};
}

std::vector<figure> joined(const std::vector<reply<std::vector<figure>>>& answers,
                           std::vector<std::vector<figure>>& before) {
    before.resize(answers.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].value)
            before[i] = *answers[i].value;
        else
            for (auto& each : before[i]) {
                each.value.reset();
                each.spark.clear();
            }
    }
    std::vector<figure> all;
    for (const auto& some : before)
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

std::vector<concern> joined(const std::vector<reply<std::vector<concern>>>& answers,
                            const std::vector<reply<std::vector<figure>>>& beside) {
    std::vector<concern> all;
    for (const auto& each : answers)
        if (each.value)
            all.insert(all.end(), each.value->begin(), each.value->end());
    add_failures(all, answers);
    add_failures(all, beside);
    return grouped(std::move(all));
}

std::vector<concern> grouped(std::vector<concern> all) {
    std::vector<concern> groups;
    for (auto& each : all) {
        const auto same =
            std::ranges::find_if(groups, [&](const concern& g) { return g.text == each.text && g.link == each.link; });
        if (same == groups.end())
            groups.push_back(std::move(each));
    }
    std::ranges::sort(groups, [](const concern& a, const concern& b) {
        if (a.severity != b.severity)
            return a.severity > b.severity;
        return a.count != b.count ? a.count > b.count : a.text < b.text;
    });
    if (groups.size() > most_concerns_in_all)
        groups.erase(groups.begin() + most_concerns_in_all, groups.end());
    return groups;
}

} // namespace infra::dashboard
