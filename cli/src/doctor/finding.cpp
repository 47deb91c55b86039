#include "finding.hpp"

#include "../printable.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace infra::cli::doctor {
namespace {

namespace json = boost::json;

std::size_t count(const findings& all, verdict v) {
    return static_cast<std::size_t>(std::ranges::count(all, v, &finding::verdict));
}

std::string padded(std::string_view text, std::size_t width) {
    return std::string(text) + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

std::string counted(std::size_t n, std::string_view what) {
    return n == 0 ? "" : std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

std::string sum_of(const findings& all) {
    const auto fails = counted(count(all, verdict::fail), "failure");
    const auto warnings = counted(count(all, verdict::warn), "warning");
    if (fails.empty() && warnings.empty())
        return "all is well: " + counted(count(all, verdict::ok), "thing") + " looked at";
    return fails + (fails.empty() || warnings.empty() ? "" : " and ") + warnings;
}

// What follows a line stands below its words, not below its verdict.
std::string lines_of(const finding& f, std::size_t check_width, const painter& paint) {
    const std::size_t indent = 4 + 2 + check_width + 2;
    const auto word = padded(f.verdict == verdict::skipped ? "-" : to_string(f.verdict), 4);
    auto text = (paint ? paint(f.verdict, word) : word) + "  " + padded(f.check, check_width) + "  " +
                (f.about.empty() ? "" : printable(f.about) + ": ") + printable(f.found);
    if (!f.means.empty())
        text += "\n" + std::string(indent, ' ') + printable(f.means);
    if (!f.advice.empty())
        text += "\n" + std::string(indent, ' ') + "-> " + printable(f.advice);
    return text;
}

json::object document_of(const finding& f) {
    return {{"check", f.check}, {"about", f.about}, {"verdict", to_string(f.verdict)},
            {"found", f.found}, {"means", f.means}, {"advice", f.advice}};
}

} // namespace

std::string_view to_string(verdict v) noexcept {
    constexpr std::string_view names[] = {"ok", "warn", "fail", "skipped"};
    return names[static_cast<std::size_t>(v)];
}

finding well(std::string about, std::string found) { return {.about = std::move(about), .found = std::move(found)}; }

finding warning(std::string about, std::string found, std::string means, std::string advice) {
    return {.about = std::move(about),
            .verdict = verdict::warn,
            .found = std::move(found),
            .means = std::move(means),
            .advice = std::move(advice)};
}

finding failure(std::string about, std::string found, std::string means, std::string advice) {
    auto made = warning(std::move(about), std::move(found), std::move(means), std::move(advice));
    made.verdict = verdict::fail;
    return made;
}

verdict worst_of(const findings& all) noexcept {
    for (const auto v : {verdict::fail, verdict::warn})
        if (count(all, v) > 0)
            return v;
    return verdict::ok;
}

std::string text_of(const findings& all, bool with_skipped, const painter& paint) {
    std::size_t widest = 0;
    for (const auto& each : all)
        widest = std::max(widest, each.check.size());
    std::string text;
    for (const auto& each : all)
        if (with_skipped || each.verdict != verdict::skipped)
            text += lines_of(each, widest, paint) + "\n";
    return text + sum_of(all);
}

json::value document_of(const findings& all, bool with_skipped) {
    json::array listed;
    for (const auto& each : all)
        if (with_skipped || each.verdict != verdict::skipped)
            listed.push_back(document_of(each));
    return {{"verdict", to_string(worst_of(all))},     {"ok", count(all, verdict::ok)},
            {"warn", count(all, verdict::warn)},       {"fail", count(all, verdict::fail)},
            {"skipped", count(all, verdict::skipped)}, {"findings", std::move(listed)}};
}

} // namespace infra::cli::doctor
