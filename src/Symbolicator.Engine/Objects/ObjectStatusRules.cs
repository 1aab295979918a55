using Symbolicator.Engine.Contracts;

namespace Symbolicator.Engine.Objects;

/// <summary>What statuses of single files mean for a module.</summary>
public static class ObjectStatusRules
{
    public static ModuleStatus ToModuleStatus(this ObjectStatus status) => status switch
    {
        ObjectStatus.Found => ModuleStatus.Found,
        ObjectStatus.NotFound or ObjectStatus.WrongFile => ModuleStatus.Missing,
        ObjectStatus.Denied or ObjectStatus.Failed => ModuleStatus.FetchingFailed,
        ObjectStatus.TimedOut => ModuleStatus.Timeout,
        ObjectStatus.Malformed or ObjectStatus.TooLarge => ModuleStatus.Malformed,
        ObjectStatus.Unsupported => ModuleStatus.Unsupported,
        _ => ModuleStatus.Other,
    };

    /// <summary>
    /// How much an error says about why a module has no symbols: a file that was there and could not be used says more
    /// than a place that could not be asked, and that more than a place without the file.
    /// </summary>
    internal static int Weight(this ObjectStatus status) => status switch
    {
        ObjectStatus.Malformed or ObjectStatus.TooLarge => 7,
        ObjectStatus.Internal => 6,
        ObjectStatus.Denied => 5,
        ObjectStatus.TimedOut => 4,
        ObjectStatus.Failed => 3,
        ObjectStatus.Unsupported => 2,
        ObjectStatus.WrongFile => 1,
        _ => 0,
    };
}
