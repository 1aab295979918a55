using System.Text;
using System.Text.Json;

namespace Symbolicator.Cli.Tests;

/// <summary>One run of the tool's entry point with its streams captured.</summary>
internal sealed record CommandRun(int Status, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement[] Json => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];

    public static CommandRun Of(params string[] arguments) => With("", arguments);

    public static CommandRun With(string input, params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        using var terminal = new Terminal { Input = new MemoryStream(Encoding.UTF8.GetBytes(input)), Output = output, Error = error };
        int status = CommandLine.Run(arguments, terminal);
        return new CommandRun(status, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    /// <summary>The run failed as people and scripts expect: status 1, one line.</summary>
    public void AssertFailed()
    {
        Assert.Equal(1, Status);
        Assert.StartsWith("symbolicator: ", Error, StringComparison.Ordinal);
        Assert.Equal(Error.TrimEnd().Length, Error.TrimEnd('\r', '\n').Length);
        Assert.DoesNotContain('\n', Error.TrimEnd());
        Assert.DoesNotContain("internal error", Error, StringComparison.Ordinal);
    }
}
