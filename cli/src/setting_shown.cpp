#include "setting_shown.hpp"

#include "json_members.hpp"
#include "operator_access.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

json::value text_or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

bool is_chosen(const shown_setting& s, const setting_choice& which) {
    if (!which.names.empty())
        return std::ranges::count(which.names, s.name) > 0;
    if (!which.module.empty() && s.module != which.module)
        return false;
    return which.all || s.is_set || (!which.only_set && !s.value.empty());
}

[[noreturn]] void refuse_name(const std::string& name, const shown_settings& known) {
    std::vector<std::string> names;
    std::ranges::transform(known, std::back_inserter(names), &shown_setting::name);
    const auto meant = nearest(name, names);
    throw refused(exit_code::not_found,
                  "nothing reads '" + printable(name) + "'" +
                      (meant.empty() ? "; infra config docs lists what is read" : "; did you mean " + meant + "?"));
}

} // namespace

shown_setting setting_in(const json::value& item) {
    const auto source = cell_of(item, "source");
    return {.name = cell_of(item, "name"),
            .module = cell_of(item, "module"),
            .value = cell_of(item, "value"),
            .source = source,
            .problem = cell_of(item, "problem"),
            .secret = is_so(item, "secret"),
            .is_set = source != "default"};
}

shown_settings chosen(const setting_choice& which, const shown_settings& from) {
    for (const auto& each : which.names)
        if (std::ranges::find(from, each, &shown_setting::name) == from.end())
            refuse_name(each, from);
    if (!which.module.empty() && std::ranges::find(from, which.module, &shown_setting::module) == from.end())
        throw refused(exit_code::not_found, "no module is called '" + printable(which.module) + "'");
    shown_settings found;
    std::ranges::copy_if(from, std::back_inserter(found), [&](const auto& each) { return is_chosen(each, which); });
    return found;
}

std::string setting_table_of(const shown_settings& settings, const output& to) {
    std::vector<table_row> rows;
    for (const auto& each : settings)
        rows.push_back({each.name, each.source, each.value + (each.problem.empty() ? "" : "  (" + each.problem + ")")});
    return table({"NAME", "FROM", "VALUE"}, rows, [&](std::size_t row, std::size_t, std::string_view cell) {
        const auto& of = settings[row];
        return to.painted(!of.problem.empty() ? ink::bad : of.is_set ? ink::strong : ink::faint, cell);
    });
}

json::value setting_document_of(const shown_setting& setting) {
    return {{"name", setting.name},   {"module", setting.module}, {"value", text_or_null(setting.value)},
            {"from", setting.source}, {"secret", setting.secret}, {"problem", text_or_null(setting.problem)}};
}

} // namespace infra::cli
