namespace Symbolicator.Service.Configuration;

/// <summary>What reading a configuration needs besides the file: the environment, and a place for warnings.</summary>
internal sealed class ConfigContext(Func<string, string?> environment)
{
    private readonly List<string> _warnings = [];

    public IReadOnlyList<string> Warnings => _warnings;

    public string? Environment(string name) => environment(name);

    public string Expand(string text, string where) => Placeholders.Expand(text, environment, where);

    public void Warn(string message) => _warnings.Add(message);
}
