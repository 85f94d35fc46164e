using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace RtMatching.Server.Limits;

/// <summary>The limits by name, as the command line and the environment set them.</summary>
internal static class LimitSettings
{
    /// <summary>Before a limit's name in the environment, for example <c>RtMatching__Limits__Rankings</c>.</summary>
    public const string Variable = "RtMatching__Limits__";

    private static readonly PropertyInfo[] Properties = typeof(RequestLimits).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    /// <summary>Each with its default and what it limits.</summary>
    public static IEnumerable<(string Name, long Default, string Description)> All { get; } =
        [.. Properties.Select(property => (property.Name, Value(property, new RequestLimits()), property.GetCustomAttribute<DescriptionAttribute>()!.Description))];

    /// <summary>What the environment sets.</summary>
    /// <exception cref="ArgumentException">An unknown name or a value that is none; the message says what to write.</exception>
    public static RequestLimits FromEnvironment(System.Collections.IDictionary variables)
    {
        var limits = new RequestLimits();
        foreach (var name in variables.Keys.Cast<string>().Where(name => name.StartsWith(Variable, StringComparison.OrdinalIgnoreCase)))
            limits = Set(limits, name[Variable.Length..], (string?)variables[name] ?? "");
        return limits;
    }

    /// <param name="setting"><c>Name=N</c>.</param>
    /// <exception cref="ArgumentException">An unknown name or a value that is none; the message says what to write.</exception>
    public static RequestLimits Set(RequestLimits limits, string setting) => setting.Split('=', 2) is [var name, var value]
        ? Set(limits, name, value)
        : throw new ArgumentException($"the limit '{setting}' has no value; write for example Rankings=16");

    private static RequestLimits Set(RequestLimits limits, string name, string value)
    {
        var property = Properties.FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"there is no limit '{name}'; there are {string.Join(", ", Properties.Select(property => property.Name))}");
        var most = property.PropertyType == typeof(int) ? int.MaxValue : long.MaxValue;
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || number > most)
            throw new ArgumentException($"the limit {property.Name} cannot be '{value}'; write a whole number from 1 to {most}");
        var changed = limits with { };
        property.SetValue(changed, Convert.ChangeType(number, property.PropertyType, CultureInfo.InvariantCulture));
        return changed;
    }

    private static long Value(PropertyInfo property, RequestLimits limits) => Convert.ToInt64(property.GetValue(limits), CultureInfo.InvariantCulture);
}
