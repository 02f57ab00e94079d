#include "model/cell_reads.hpp"

#include <fmt/core.h>

#include "nn/rules.hpp"

namespace saccade {

namespace {

std::string under(const std::string& name, const CellBlock& block) {
    return block.name.empty() ? name : name + "." + block.name;
}

std::string subscript(const CellBlock& block) {
    return block.letter.empty() ? "" : "_" + block.letter;
}

}  // namespace

std::string CellReads::at(const std::string& part) const {
    return fmt::format("@{}[{},k]", part, position);
}

std::string CellReads::state_before(char unit) const {
    return rules::or_else(fmt::format("@state[{}{},{}]", position, backward ? "+1" : "-1", unit),
                          initial.empty() ? "0" : fmt::format("{}[{}]", initial, unit));
}

std::string CellReads::cell_before() const {
    return rules::or_else(fmt::format("@cell[{}{},k]", position, backward ? "+1" : "-1"),
                          initial_cell.empty() ? "0" : initial_cell + "[k]");
}

std::string CellReads::now(const std::string& symbol) const {
    return fmt::format("{}_{}", symbol, position);
}

std::string CellReads::before(const std::string& symbol) const {
    return fmt::format("{}_({}{})", symbol, position, backward ? "+1" : "−1");
}

std::string CellReads::input_formula(const CellBlock& block) const {
    std::string sum;
    for (const CellInput& input : inputs)
        sum += fmt::format("{}{}{}{} {}", sum.empty() ? "" : " + ", arrow, input.weight_symbol, subscript(block), input.symbol);
    return sum;
}

std::string CellReads::input_rule(const CellBlock& block) const {
    std::string sum;
    for (const CellInput& input : inputs)
        sum += rules::linear(input.feature, fmt::format("{}[k,{}]", under(input.name, block), input.feature), input.operand) +
               " + ";
    return sum + under("@input_bias", block) + "[k]";
}

std::string CellReads::recurrent_rule(const CellBlock& block) const {
    return rules::linear('l', under("@hidden_weight", block) + "[k,l]", state_before('l'),
                         under("@hidden_bias", block) + "[k]");
}

How CellReads::activated(const std::string& operation, const std::string& part, const std::string& symbol,
                         const CellBlock& block, const std::string& function, const std::string& sign) const {
    return {operation,
            fmt::format("{0} = {1}({2} + {3}U{4} {5} + {3}b{4} + {3}d{4})", now(symbol), sign, input_formula(block), arrow,
                        subscript(block), before(state)),
            fmt::format("{} = {}({} + {})", at(part), function, input_rule(block), recurrent_rule(block)), source};
}

std::vector<Parameter> CellReads::parameters(const CellBlock& block, const Tensor<float>& hidden_weight,
                                             const Tensor<float>& input_bias, const Tensor<float>& hidden_bias) const {
    std::vector<Parameter> all;
    const auto declare = [&](const std::string& name, const std::string& symbol, std::vector<std::string> of,
                             const Tensor<float>& stacked) {
        const Index size = stacked.shape()[0] / block.count;
        all.push_back(
            {under(name, block), arrow + symbol + subscript(block), std::move(of), stacked.rows(block.at * size, size)});
    };
    for (const CellInput& input : inputs) declare(input.name, input.weight_symbol, {units, input.axis}, input.weight);
    declare("@hidden_weight", "U", {units, units}, hidden_weight);
    declare("@input_bias", "b", {units}, input_bias);
    declare("@hidden_bias", "d", {units}, hidden_bias);
    return all;
}

}  // namespace saccade
