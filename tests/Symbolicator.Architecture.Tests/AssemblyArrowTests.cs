using System.Reflection;

namespace Symbolicator.Architecture.Tests;

/// <summary>The arrows between assemblies, as docs/architecture.md draws them.</summary>
public sealed class AssemblyArrowTests
{
    [Theory]
    [InlineData("Symbolicator.Formats", "")]
    [InlineData("Symbolicator.SymCache", "Symbolicator.Formats")]
    [InlineData("Symbolicator.Engine", "Symbolicator.Formats Symbolicator.SymCache")]
    [InlineData("Symbolicator.Cli", "Symbolicator.Engine Symbolicator.Formats Symbolicator.SymCache")]
    [InlineData("Symbolicator.Service", "Symbolicator.Engine Symbolicator.Formats Symbolicator.SymCache")]
    public void An_assembly_sees_only_the_layers_below_it(string assembly, string allowed)
    {
        var seen = References(assembly).Where(name => name.StartsWith("Symbolicator.", StringComparison.Ordinal));

        Assert.Empty(seen.Except(allowed.Split(' ')));
    }

    [Theory]
    [InlineData("Symbolicator.Formats")]
    [InlineData("Symbolicator.SymCache")]
    [InlineData("Symbolicator.Engine")]
    public void The_core_needs_nothing_but_the_runtime(string assembly)
    {
        var foreign = References(assembly).Where(name =>
            !name.StartsWith("System.", StringComparison.Ordinal)
            && !name.StartsWith("Symbolicator.", StringComparison.Ordinal)
            && name is not "Microsoft.Win32.Primitives");

        Assert.Empty(foreign);
    }

    [Fact]
    public void The_command_line_tool_stays_free_of_the_web_stack()
    {
        Assert.DoesNotContain(References("Symbolicator.Cli"), name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Symbolicator.Formats")]
    [InlineData("Symbolicator.SymCache")]
    public void Readers_know_neither_network_nor_tasks(string assembly)
    {
        Assert.DoesNotContain(References(assembly), name => name.StartsWith("System.Net", StringComparison.Ordinal));
    }

    private static IEnumerable<string> References(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies().Select(reference => reference.Name!);
}
