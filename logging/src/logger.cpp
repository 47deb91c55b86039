#include "pipeline_state.hpp"

#include <infra/logging/logger.hpp>

#include <infra/base/context.hpp>

namespace infra::logging {

struct logger::state {
    std::shared_ptr<detail::pipeline_state> to;
    std::string module;
    std::optional<logging::level> level;
    rendered_fields of_logger;
};

logger::logger(logger_options options) {
    auto made = std::make_shared<state>();
    made->to = options.to ? options.to->state_ : default_pipeline().state_;
    made->module = std::move(options.module);
    made->level = options.level;
    std::vector<field> storage;
    made->of_logger.merge(fields(options.fields).view(storage));
    state_ = std::move(made);
}

logger logger::child(fields more) const {
    auto made = std::make_shared<state>(*state_);
    std::vector<field> storage, kept;
    for (const auto& each : more.view(storage)) {
        if (each.key == "module" && each.value.type() == field_value::kind::text)
            made->module = each.value.text();
        else
            kept.push_back(each);
    }
    made->of_logger.merge(kept);
    return logger(std::shared_ptr<const state>(std::move(made)));
}

std::string_view logger::module() const noexcept { return state_->module; }

bool logger::enabled(logging::level l) const noexcept {
    return state_->level ? l >= *state_->level : state_->to->enabled(l, state_->module);
}

void logger::write(logging::level l, std::string_view message, fields f, here where) const noexcept {
    if (!enabled(l))
        return;
    l = std::min(l, level::error); // of a level that is none, the highest
    try {
        std::vector<field> storage;
        state_->to->write({.time = state_->to->time().wall(),
                           .severity = l,
                           .module = state_->module,
                           .message = message,
                           .fields = f.view(storage),
                           .span = current_span(),
                           .where = where},
                          state_->of_logger);
    } catch (...) { // no memory to list an object's members
        state_->to->count_dropped();
    }
}

const logger& default_logger() {
    static const logger& one = *new logger; // never destroyed, so static destructors may log
    return one;
}

} // namespace infra::logging
