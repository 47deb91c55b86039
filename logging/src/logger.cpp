#include "pipeline_state.hpp"

#include "json_text.hpp"
#include "sites.hpp"

#include <infra/logging/logger.hpp>

namespace infra::logging {
namespace {

// Records of its last lines may still point to it.
void retire(const detail::logger_core* core) noexcept {
    const auto to = std::move(const_cast<detail::logger_core*>(core)->to);
    to->retire(core);
}

std::shared_ptr<const detail::logger_core> shared(std::unique_ptr<detail::logger_core> core) {
    if (core->to->is_durable())
        core->as_text = detail::logger_text(core->module, core->fields);
    return {core.release(), &retire};
}

// What no line may hold is taken out once, here.
void merge(rendered_fields& into, std::span<const field> more, const detail::redactor& hidden) {
    for (const auto& each : more)
        into.add(each.key,
                 hidden.hides(each.key) ? value_text({each.key, redacted_text}, hidden) : value_text(each, hidden));
}

} // namespace

logger::logger(logger_options options) {
    auto made = std::make_unique<detail::logger_core>();
    made->to = options.to ? options.to->state_ : default_pipeline().state_;
    made->module = std::move(options.module);
    made->own_level = options.level;
    std::vector<field> storage;
    merge(made->fields, fields(options.fields).view(storage), made->to->hidden());
    core_ = shared(std::move(made));
}

logger logger::child(fields more) const {
    auto made = std::make_unique<detail::logger_core>();
    made->to = core_->to;
    made->module = core_->module;
    made->own_level = core_->own_level;
    made->fields = core_->fields;
    std::vector<field> storage, kept;
    for (const auto& each : more.view(storage)) {
        if (each.key == "module" && each.value.type() == field_value::kind::text)
            made->module = each.value.text();
        else
            kept.push_back(each);
    }
    merge(made->fields, kept, made->to->hidden());
    return logger(shared(std::move(made)));
}

std::string_view logger::module() const noexcept { return core_->module; }

bool logger::enabled(logging::level l) const noexcept { return core_->to->enabled(l, *core_); }

void logger::write(logging::level l, std::string_view message, const fields& f, here where) const noexcept {
    if (!enabled(l))
        return;
    try {
        std::vector<field> storage;
        core_->to->write({.severity = l, .logger = core_.get(), .message = message, .where = where}, f.view(storage));
    } catch (...) { // no memory to list an object's members
        core_->to->count_dropped();
    }
}

void limited_logger::write(level l, std::string_view message, const fields& f) const noexcept {
    if (!to_.enabled(l))
        return;
    auto* const site = detail::all_sites().find(place_);
    if (!site)
        return to_.write(l, message, f, place_);
    const auto left_out = n_ == 0 ? site->due_every(period_, to_.core_->to->time().steady()) : site->due_one_in(n_);
    if (!left_out)
        return;
    if (*left_out == 0)
        return to_.write(l, message, f, place_);
    try {
        std::vector<field> storage;
        const auto given = f.view(storage);
        std::vector<field> all(given.begin(), given.end());
        all.push_back({"left_out", *left_out});
        to_.write(l, message, fields(std::span<const field>(all)), place_);
    } catch (...) { // no memory to list them
        to_.core_->to->count_dropped();
    }
}

} // namespace infra::logging
