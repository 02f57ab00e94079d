#include "viz/view_options_applicable.hpp"

namespace saccade {

ViewOptions applicable(const ViewOptions& options, const OptionFacts& facts) {
    ViewOptions result = options;
    const ViewOptions usual;
    for (const ViewOption& option : view_options()) {
        const bool offered = option.offered == nullptr || option.offered(facts, options);
        const bool choice = option.spec.type == ParamType::choice && option.offers != nullptr;
        if (!offered || (choice && !option.offers(facts, std::get<std::string>(option.get(options)))))
            option.set(result, option.get(usual));
    }
    return result;
}

}  // namespace saccade
