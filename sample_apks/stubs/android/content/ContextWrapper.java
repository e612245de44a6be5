package android.content;

import android.content.pm.ApplicationInfo;

public class ContextWrapper extends Context {
    public ContextWrapper(Context base) {
    }

    @Override
    public ApplicationInfo getApplicationInfo() {
        return null;
    }

    @Override
    public SharedPreferences getSharedPreferences(String name, int mode) {
        return null;
    }
}
